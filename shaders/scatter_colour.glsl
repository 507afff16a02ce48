// The 8x8 colour texels of accepted texels look themselves up in the dreamed picture. What lies outside the view takes the
// colour at its border, and what is hidden the colour of its texel's anchor, so that no holes are left.
#include "common/chart.glsl"
#include "common/view.glsl"
#include "common/policy.glsl"
#include "common/region.glsl"
layout(location = 0) out vec4 o_colour;
uniform sampler2D picture;

const float COLOUR_TEXELS = 8.0;  // along a texel's side
const float SPARE = 0.5;          // levels: a little aliasing is better than a level that is blurred twice
const float COARSEST = 4.0;       // level
// Pixels from one colour texel to the next along an axis of the chart.
vec2 stride(vec3 axis) {
    vec3 at = v_ray * axes, along = axis * axes * chart_texel() / COLOUR_TEXELS;
    float z = max(at.z, NEAREST);
    return focal / z * (along.xy - at.xy / z * along.z);
}

vec2 source() {
    vec2 p;
    if (seen(v_ray, NORMAL[chart_side()], chart_id(), is_sky(), p)) return p;
    if (dot(axes[2], v_ray) > NEAREST && !inside(p)) {
        p = clamp(p, vec2(MARGIN + 0.5), size - MARGIN - 0.5);
        if (int(view_at(ivec2(p)).x + 0.5) == chart_id()) return p;
    }
    bool beside;
    claim(texel_index(), p, beside);
    return p;
}

// A bilinear reading at t between two pixels blurs by the variance t(1-t), and so will the drawing of the colours, which is
// bilinear too: by a sixth of a colour texel, the mean over all t. Half the variance times the second derivative takes a blur off
// again; for the reading alone that is the cubic of Catmull and Rom. High frequencies lose more than the variance says.
const float OVER = 1.5;   // so many times as much is taken off
const float MOST = 0.75;  // of the second derivative's variance: beyond, wide texels would only be given rims

// drawn: squared pixels of a colour texel along x and y of the picture. Nothing is read of another material: beside a border from finer
// levels, and at the border itself from the one pixel.
vec3 sharp(vec2 p, vec2 drawn, float lod) {
    for (int k = 0; k < 4 && lod > 0.0 && !alone(p, exp2(ceil(lod))); ++k) lod = ceil(lod) - 1.0;
    p = lod > 0.0 || alone(p, 1.0) ? p : floor(p) + 0.5;
    float pixel = exp2(lod);
    vec2 t = fract(p - 0.5);
    vec2 reading = mix(t * (1.0 - t), vec2(1.0 / 6.0), min(lod, 1.0));
    vec2 blur = min(OVER * (reading + drawn / (6.0 * pixel * pixel)), MOST);
    vec3 here = textureLod(picture, p / size, lod).rgb, sum = here;
    for (int k = 0; k < 4; ++k) {
        vec2 q = clamp(p + pixel * (k < 2 ? vec2(2 * k - 1, 0) : vec2(0, 2 * k - 5)), vec2(0.5), size - 0.5);
        if (!alone(q, exp2(ceil(lod)))) continue;
        vec3 there = textureLod(picture, q / size, lod).rgb;
        sum -= 0.5 * (k < 2 ? blur.x : blur.y) * (there - here);
    }
    return sum;
}

// A pixel of the chart's own material: the one where the colour texel lies, or one near it, or where its texel takes its latent.
vec2 place() {
    vec2 p = source(), found = own_point(p);
    if (found != NONE) return found;
    bool beside;
    claim(texel_index(), p, beside);
    found = own_point(p);
    return found != NONE ? found : (vec2(own_cell(p)) + 0.5) * LATENT_PIXEL;
}

void main() {
    vec2 u = stride(U_AXIS[chart_side()]), v = stride(V_AXIS[chart_side()]);
    float lod = clamp(0.5 * log2(abs(u.x * v.y - u.y * v.x)) - SPARE, 0.0, COARSEST);
    o_colour = vec4(sharp(place(), u * u + v * v, lod), 1.0);
}
