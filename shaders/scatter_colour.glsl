// The 8x8 colour texels of accepted texels look themselves up in the dreamed picture. What lies outside the view takes the
// colour at its border, and what is hidden the colour of its texel's anchor, so that no holes are left.
#include "common/chart.glsl"
#include "common/view.glsl"
#include "common/policy.glsl"
#include "common/region.glsl"
layout(location = 0) out vec4 o_colour;
uniform sampler2D picture;

const float COLOUR_TEXELS = 8.0;  // along a texel's side

vec2 source(out float lod) {
    float pixels = focal / max(dot(axes[2], v_ray), NEAREST) * chart_texel() / COLOUR_TEXELS;  // under one colour texel
    lod = clamp(log2(pixels), 0.0, 4.0);
    vec2 p;
    if (seen(v_ray, NORMAL[chart_side()], chart_id(), is_sky(), p)) return p;
    if (dot(axes[2], v_ray) > NEAREST && !inside(p)) {
        p = clamp(p, vec2(MARGIN + 0.5), size - MARGIN - 0.5);
        if (int(view_at(ivec2(p)).x + 0.5) == chart_id()) return p;
    }
    claim(texel_index(), p);
    return p;
}

void main() {
    float lod;
    vec2 p = source(lod);
    float inset = clamp(exp2(lod), 1.0, 3.5);
    vec2 own = own_region(p, inset);
    if (own == NOWHERE) {
        claim(texel_index(), p);
        own = own_region(p, inset);
    }
    o_colour = vec4(textureLod(picture, own / size, lod).rgb, 1.0);
}
