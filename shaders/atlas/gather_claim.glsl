// Gather, per latent pixel: the texel it shows and the density at which this view may paint it (0: it may not).
#include "common/chart.glsl"
#include "common/view.glsl"
#include "common/policy.glsl"
layout(location = 0) out vec4 o_surface;  // chart, u, v, view depth (sky: FAR)
layout(location = 1) out vec4 o_atlas;    // x, y, page, density (negative beside a depth edge)

void main() {
    vec2 anchor;
    bool contaminated;
    float density = claim(texel_index(), anchor, contaminated);
    o_surface = vec4(v_info.x, clamp(v_texel, vec2(0), v_place.zw), is_sky() ? FAR : dot(v_axes[2], v_ray));
    o_atlas = vec4(atlas_texel(), v_info.w, contaminated ? -density : density);
}
