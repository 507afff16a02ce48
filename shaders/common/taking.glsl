// What a painting of the view changes. Needs common/chart.glsl, common/view.glsl, common/policy.glsl, common/region.glsl.
#include "common/stored.glsl"
uniform float steps;  // of the painting

// The latent pixel that the fragment's texel takes its look from; NOWHERE if it stays as it is. `density`: of the new look; `beside`: its paint is
// provisional, as claim says or because no latent pixel near it is of its material. What
// the dream kept is only remembered in it: painting that again would claim a quality that nobody dreamed.
ivec2 taking(out float density, out bool beside) {
    vec2 anchor;
    density = claim(texel_index(), anchor, beside);
    vec4 old = stored_state();
    if (old.w > 0.0 || !accepts(old.x, old.y, steps, density)) return NOWHERE;
    ivec2 own = own_cell(anchor);
    beside = beside || !labelled(own);
    return own != NOWHERE && old.x > 0.0 && kept(own) ? NOWHERE : own;
}
