// Scatter: the 8x8 colour texels of each written texel look themselves up in the painted picture. Colour texels outside the view
// take the colour at its border, and occluded ones the colour at their texel's anchor, so that no holes remain.
#include "common/chart.glsl"
#include "common/view.glsl"
#include "common/policy.glsl"
#include "common/region.glsl"
layout(location = 0) out vec4 o_colour;
uniform sampler2D picture;

const float COLOUR_TEXELS = 8.0;  // along a texel's side
const float LEVEL_BIAS = 0.5;     // levels of detail: a little aliasing looks better than a second blur
const float COARSEST = 4.0;       // coarsest level of detail

// Pixels from one colour texel to the next along an axis of the chart.
vec2 colour_step(vec3 axis) {
    vec3 at = v_ray * v_axes, along = axis * v_axes * v_texel_size / COLOUR_TEXELS;
    float z = max(at.z, NEAREST);
    return v_focal / z * (along.xy - at.xy / z * along.z);
}

// Bilinear sampling at t between two pixels blurs with variance t(1-t). Drawing the stored colours samples bilinearly once more,
// which adds a sixth of a colour texel, the mean over all t. Subtracting half the variance times the second derivative undoes a
// blur; for the sampling alone this equals the Catmull-Rom cubic. High frequencies lose more than the variance says.
const float SHARPENING = 1.5;  // factor on the blur that is undone
const float MAX_BLUR = 0.75;   // most variance that is undone: more would only add halos to wide texels

// The sharpened colour at p. drawn: squared size of a colour texel along x and y of the picture, pixels. Never samples another
// material: near a border it uses finer levels, and at the border itself the single pixel.
vec3 sample_sharpened(vec2 p, vec2 drawn, float lod) {
    while (lod > 0.0 && !all_own_material(p, ceil(lod))) lod = ceil(lod) - 1.0;
    p = lod > 0.0 || all_own_material(p, 0.0) ? p : floor(p) + 0.5;
    float pixel = exp2(lod);
    vec2 t = fract(p - 0.5);
    vec2 reading = mix(t * (1.0 - t), vec2(1.0 / 6.0), min(lod, 1.0));
    vec2 blur = min(SHARPENING * (reading + drawn / (6.0 * pixel * pixel)), MAX_BLUR);
    vec3 here = textureLod(picture, p / v_size, lod).rgb, sum = here;
    for (int k = 0; k < 4; ++k) {
        vec2 q = clamp(p + pixel * (k < 2 ? vec2(2 * k - 1, 0) : vec2(0, 2 * k - 5)), vec2(0.5), v_size - 0.5);
        if (!all_own_material(q, ceil(lod))) continue;
        vec3 there = textureLod(picture, q / v_size, lod).rgb;
        sum -= 0.5 * (k < 2 ? blur.x : blur.y) * (there - here);
    }
    return sum;
}

// Pixel coordinates that show the chart's own material: where the colour texel lies, or nearby, or where its texel takes its latent.
// The first turn suffices for nearly all; one loop, so that software drivers leave it then.
vec2 find_own_pixel() {
    vec2 p = NONE, found = NONE;
    int first = min(int(v_size.x), 0);  // 0, which the compiler doesn't know, or it would unroll the loop
    for (int k = first; k < 6 && found == NONE; ++k) {
        bool itself = k == 0;
        vec2 at;
        vec3 ray = itself ? v_ray : ray_to(texel_index() + 0.5 + test_point(k - 1));
        bool seen = usable_at(ray, v_normal, chart_id(), is_sky(), at);
        if (itself && !seen && dot(v_axes[2], ray) > NEAREST && !inside_margin(at)) {
            at = clamp(at, vec2(MARGIN + 0.5), v_size - MARGIN - 0.5);
            seen = int(view_at(floor(at)).x + 0.5) == chart_id();
        }
        if (!seen) continue;
        p = at;
        found = own_point(at);
        if (!itself) break;
    }
    return found != NONE ? found : (own_cell(p) + 0.5) * LATENT_PIXEL;
}

void main() {
    vec2 u = colour_step(v_along), v = colour_step(v_down);
    float lod = clamp(0.5 * log2(abs(u.x * v.y - u.y * v.x)) - LEVEL_BIAS, 0.0, COARSEST);
    o_colour = vec4(sample_sharpened(find_own_pixel(), u * u + v * v, lod), 1.0);
}
