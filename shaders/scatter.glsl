// Each texel of a page projects itself into the dreamed view and takes its latent there if that look is better than its own.
#include "common/chart.glsl"
#include "common/view.glsl"
#include "common/policy.glsl"
layout(location = 0) out vec4 o_latents;
layout(location = 1) out vec4 o_state;    // steps, density, worth x density, revision
uniform sampler2D dreamed;  // four channels of the view's latents
uniform sampler2D before;   // the page's state before this painting
uniform float steps;
uniform float revision;
uniform float cell;         // pixels per latent pixel

void main() {
    vec2 centre = texel_index() + 0.5;
    vec2 p;
    float density = claim(centre, p);
    if (density <= 0.0) discard;
    float good = density * worth(centre, p, cell / 2.0);
    vec4 old = texelFetch(before, ivec2(gl_FragCoord.xy), 0);
    if (frozen(old.x, old.z, steps, good) || old.z * old.x >= good * steps) discard;
    o_latents = texelFetch(dreamed, ivec2(p / cell), 0);
    o_state = vec4(steps, density, good, revision);
}
