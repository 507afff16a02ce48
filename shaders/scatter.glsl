// Each texel of a page projects itself into the dreamed view and takes its latent there if that look is better than its own.
#include "common/chart.glsl"
#include "common/view.glsl"
#include "common/policy.glsl"
#include "common/region.glsl"
#include "common/taking.glsl"
layout(location = 0) out vec4 o_latents;
layout(location = 1) out vec4 o_state;  // steps, density, revision, held (or BESIDE)
uniform sampler2D dreamed;              // four channels of the view's latents
uniform float revision;
const float BESIDE = -1.0;              // engine/atlas.py

void main() {
    float density;
    bool beside;
    ivec2 own = taking(density, beside);
    if (own == NOWHERE) discard;
    o_latents = texelFetch(dreamed, own, 0);
    o_state = vec4(steps, density, revision, beside ? BESIDE : 0.0);
}
