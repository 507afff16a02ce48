// For each pixel of a view: whether the texel that it shows would take the look of a painting of this view.
#include "common/chart.glsl"
#include "common/view.glsl"
#include "common/policy.glsl"
#include "common/region.glsl"
#include "common/taking.glsl"
layout(location = 0) out float o_taken;

void main() {
    float density;
    bool beside;
    o_taken = taking(density, beside) == NOWHERE ? 0.0 : 1.0;
}
