// Each texel of a page projects itself into the dreamed view and takes its latent there if that look is better than its own.
#include "common/chart.glsl"
#include "common/view.glsl"
#include "common/policy.glsl"
#include "common/region.glsl"
layout(location = 0) out vec4 o_latents;
layout(location = 1) out vec4 o_state;  // steps, density, revision, held
uniform sampler2D dreamed;              // four channels of the view's latents
uniform sampler2D before;               // the page's state before this painting
uniform float steps;
uniform float revision;

void main() {
    vec2 anchor;
    float density = claim(texel_index(), anchor);
    vec4 old = texelFetch(before, ivec2(gl_FragCoord.xy), 0);
    if (old.w > 0.0 || !accepts(old.x, old.y, steps, density)) discard;
    ivec2 own = own_cell(anchor);
    if (own == NOWHERE) discard;
    o_latents = texelFetch(dreamed, own, 0);
    o_state = vec4(steps, density, revision, 0.0);
}
