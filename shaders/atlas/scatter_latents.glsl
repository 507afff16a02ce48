// Scatter: each texel of a page looks itself up in the painted view and takes its latent there if that is better than its own.
#include "common/chart.glsl"
#include "common/view.glsl"
#include "common/policy.glsl"
#include "common/region.glsl"
#include "common/write_mask.glsl"
layout(location = 0) out vec4 o_latents;
layout(location = 1) out vec4 o_state;  // steps, density, revision, frozen (or EDGE_CONTAMINATED)
uniform sampler2D dreamed;              // four channels of the view's latents
uniform float revision;
const float EDGE_CONTAMINATED = -1.0;  // engine/atlas/page.py

void main() {
    float density;
    bool contaminated;
    vec2 cell = find_source_cell(density, contaminated);
    if (cell == NOWHERE) discard;
    o_latents = texel_at(dreamed, cell, v_size / LATENT_PIXEL);
    o_state = vec4(steps, density, revision, contaminated ? EDGE_CONTAMINATED : 0.0);
}
