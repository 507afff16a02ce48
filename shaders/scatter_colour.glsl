// The 8x8 colour texels of accepted texels look themselves up in the dreamed picture. What lies outside the view takes the
// colour at its border, and what is hidden the colour of its texel's anchor, so that no holes are left.
#include "common/chart.glsl"
#include "common/view.glsl"
#include "common/policy.glsl"
#include "common/region.glsl"
layout(location = 0) out vec4 o_colour;
uniform sampler2D picture;

const float COLOUR_TEXELS = 8.0;  // along a texel's side
const float SPARE = 0.5;          // levels: a decoder paints nothing as fine as a pixel, so little is lost by skipping some

vec2 source(out float lod) {
    float pixels = focal / max(dot(axes[2], v_ray), NEAREST) * chart_texel() / COLOUR_TEXELS;  // under one colour texel
    lod = clamp(log2(pixels * sqrt(max(cosine_of(v_ray), 0.0))) - SPARE, 0.0, 4.0);
    vec2 p;
    if (seen(v_ray, NORMAL[chart_side()], chart_id(), is_sky(), p)) return p;
    if (dot(axes[2], v_ray) > NEAREST && !inside(p)) {
        p = clamp(p, vec2(MARGIN + 0.5), size - MARGIN - 0.5);
        if (int(view_at(ivec2(p)).x + 0.5) == chart_id()) return p;
    }
    claim(texel_index(), p);
    return p;
}

// Keys' cubic (1981) in nine bilinear taps. SHARP is the slope of its lobes: more than the usual 0.5, for each drawing of the
// colours is bilinear and will blur them once more.
const float SHARP = 0.75;
const float CUBIC_REACH = 2.0;  // pixels

vec3 cubic(vec2 p) {
    vec2 centre = floor(p - 0.5) + 0.5, f = p - centre;
    vec2 before = -SHARP * f * (1.0 - f) * (1.0 - f);
    vec2 after = -SHARP * f * f * (1.0 - f);
    vec2 first = 1.0 + f * f * ((2.0 - SHARP) * f - (3.0 - SHARP));
    vec2 middle = 1.0 - before - after;
    vec2 at[3] = vec2[](centre - 1.0, centre + (middle - first) / middle, centre + 2.0), weight[3] = vec2[](before, middle, after);
    vec3 sum = vec3(0);
    for (int k = 0; k < 9; ++k) sum += weight[k % 3].x * weight[k / 3].y * textureLod(picture, vec2(at[k % 3].x, at[k / 3].y) / size, 0.0).rgb;
    return sum;
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
    bool clear = lod == 0.0 && own_region(own, CUBIC_REACH) == own;  // of other materials
    o_colour = vec4(clear ? cubic(own) : textureLod(picture, own / size, lod).rgb, 1.0);
}
