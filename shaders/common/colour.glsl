// The painted colour at a fragment of a chart; alpha = how much of it is painted. Needs common/chart.glsl.
#include "common/stored.glsl"
uniform sampler2D colour;     // the page, CELL colour texels per latent texel, rgb premultiplied: unpainted is all 0
uniform sampler2D overview;   // the same at a quarter, and below that an eighth: one colour texel per latent texel
const float CELL = 8.0;
const float OVERVIEW = 2.0;   // the level of detail at which `overview` begins
const float SMALLEST = 3.0;   // and ends: a cell never mixes with another chart's
const float FAINTEST = 0.05;  // pixels per texel: what was painted at a slant has its grain, too, many texels wide

// How much wider than a colour texel to filter, as a level of detail. What was painted with fewer pixels than a cell holds has no
// detail below its own `grain`, so only the rest of the footprint is left to be filtered: from where it was painted, nothing.
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
    float inset = 2.0 * exp2(ceil(above));  // half a texel of the level: never beyond the chart's own rectangle
    vec4 fine = textureLod(colour, (place + clamp(t, vec2(0.5), last - 0.5)) / colour_size, 0.0);
    vec4 coarse = textureLod(overview, (place + clamp(t, vec2(inset), last - inset)) / colour_size, above);
    vec4 c = mix(fine, coarse, min(lod / OVERVIEW, 1.0));
    return c.a > 0.0 ? vec4(c.rgb / c.a, c.a) : vec4(0);
}
