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
const float LEAST_INSET = 0.5;    // pixels from a border of materials: half the reach of a bilinear reading
const float MOST_INSET = 3.5;     // and from both sides of a latent pixel, so that something is left of it

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

// drawn: squared pixels of a colour texel along x and y of the picture; room: nothing is read outside.
vec3 sharp(vec2 p, vec2 drawn, float lod, vec4 room) {
    float pixel = exp2(lod);
    vec2 t = fract(p - 0.5);
    vec2 reading = mix(t * (1.0 - t), vec2(1.0 / 6.0), min(lod, 1.0));
    vec2 blur = min(OVER * (reading + drawn / (6.0 * pixel * pixel)), MOST);
    vec3 here = textureLod(picture, p / size, lod).rgb, sum = here;
    for (int k = 0; k < 4; ++k) {
        vec2 q = p + pixel * (k < 2 ? vec2(2 * k - 1, 0) : vec2(0, 2 * k - 5));
        vec3 there = textureLod(picture, clamp(q, room.xy, room.zw) / size, lod).rgb;
        sum -= 0.5 * (k < 2 ? blur.x : blur.y) * (there - here);
    }
    return sum;
}

void main() {
    vec2 p = source();
    ivec2 own = own_cell(p);
    if (own == NOWHERE) {
        bool beside;
        claim(texel_index(), p, beside);
        own = own_cell(p);
    }
    vec2 u = stride(U_AXIS[chart_side()]), v = stride(V_AXIS[chart_side()]);
    float lod = clamp(0.5 * log2(abs(u.x * v.y - u.y * v.x)) - SPARE, 0.0, COARSEST);
    vec4 room = own_room(own, clamp(exp2(lod) - LEAST_INSET, LEAST_INSET, MOST_INSET));
    o_colour = vec4(sharp(folded(p, room), u * u + v * v, lod, room), 1.0);
}
