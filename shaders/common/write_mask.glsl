// Decides whether a painted view replaces what a texel has. Needs common/chart.glsl, common/view.glsl, common/policy.glsl and
// common/region.glsl.
#include "common/stored_texel.glsl"
uniform float steps;  // of the painted view

// The latent pixel from which the fragment's texel takes its latent; NOWHERE if the texel keeps what it has.
// density: the new density. contaminated: the paint is provisional, because `claim` says so or because no latent pixel nearby has
// the texel's material. Where the dream kept what was there, the texel is not written: that would claim a quality nobody dreamed.
vec2 find_source_cell(out float density, out bool contaminated) {
    vec2 anchor;
    density = claim(texel_index(), anchor, contaminated);
    vec4 old = stored_state();
    if (old.w > 0.0 || !accepts_write(old.x, old.y, steps, density)) return NOWHERE;
    vec2 cell = own_cell(anchor);
    contaminated = contaminated || !has_own_label(cell);
    return cell != NOWHERE && old.x > 0.0 && is_kept(cell) ? NOWHERE : cell;
}
