// The painted colour at a fragment of a chart; alpha is the painted share. Needs common/chart.glsl.
#include "common/stored_texel.glsl"
uniform sampler2D colour;    // the page: CELL colour texels per latent texel; rgb premultiplied, 0 where unpainted
uniform sampler2D overview;  // the same at 1/4 and 1/8 of the size; at 1/8 one colour texel covers a latent texel
const float CELL = 8.0;
const float OVERVIEW = 2.0;   // level of detail of the first level of `overview`
const float SMALLEST = 3.0;   // level of detail of its last level: a colour texel never mixes two charts
const float FAINTEST = 0.05;  // pixels per texel: the least density assumed, for paint seen at a grazing angle

// The level of detail to sample at. Paint that came from fewer pixels than a cell holds has no detail finer than `grain`, so only
// the rest of the footprint needs filtering. Seen from where it was painted, it needs none.
float level_of_detail(float footprint) {
    float grain = CELL / clamp(stored_state().y, FAINTEST, CELL);
    return clamp(0.5 * log2(max(footprint * footprint - grain * grain, 1.0)), 0.0, SMALLEST);
}

vec4 painted_colour() {
    if (colour_size == 0.0) return vec4(0);
    vec2 t = v_texel * CELL;
    vec2 dx = dFdx(t), dy = dFdy(t);
    float across = sqrt(max(abs(dx.x * dy.y - dx.y * dy.x), 1e-12));  // mean footprint, in colour texels
    float along = sqrt(max(dot(dx, dx), dot(dy, dy)));
    float lod = level_of_detail(min(along, across * 2.0));  // sharper than isotropic at grazing angles
    float above = max(lod - OVERVIEW, 0.0);
    vec2 place = v_place.xy * CELL, last = v_place.zw * CELL;
    float inset = 2.0 * exp2(ceil(above));  // half a texel of this level, so that sampling stays inside the chart's rectangle
    vec4 fine = textureLod(colour, (place + clamp(t, vec2(0.5), last - 0.5)) / colour_size, 0.0);
    vec4 coarse = textureLod(overview, (place + clamp(t, vec2(inset), last - inset)) / colour_size, above);
    vec4 c = mix(fine, coarse, min(lod / OVERVIEW, 1.0));
    return c.a > 0.0 ? vec4(c.rgb / c.a, c.a) : vec4(0);
}
