// Write mask, per pixel of a view: 1 where painting this view would replace what the texel there has.
#include "common/chart.glsl"
#include "common/view.glsl"
#include "common/policy.glsl"
#include "common/region.glsl"
#include "common/write_mask.glsl"
layout(location = 0) out float o_written;

void main() {
    float density;
    bool contaminated;
    o_written = find_source_cell(density, contaminated) == NOWHERE ? 0.0 : 1.0;
}
