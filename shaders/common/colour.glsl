// The painted colour at a fragment of a chart; alpha = how much of it is painted. Needs common/chart.glsl.
uniform sampler2D colour;     // the page, CELL colour texels per latent texel, rgb premultiplied: unpainted is all 0
uniform float colour_size;    // its side in colour texels; 0: nothing painted on this page
const float CELL = 8.0;
const float MAX_LOD = 3.0;    // one colour texel per latent texel: a cell never mixes with another chart's

vec4 painted_colour() {
    if (colour_size == 0.0) return vec4(0);
    vec2 t = v_texel * CELL;
    vec2 dx = dFdx(t), dy = dFdy(t);
    float across = sqrt(max(abs(dx.x * dy.y - dx.y * dy.x), 1e-12));      // mean footprint, in colour texels
    float along = sqrt(max(dot(dx, dx), dot(dy, dy)));
    float lod = clamp(log2(max(min(along, across * 2.0), 1.0)), 0.0, MAX_LOD);  // sharper than isotropic at grazing angles
    float inset = 0.5 * exp2(ceil(lod));
    vec2 last = v_place.zw * CELL;
    t = clamp(t, vec2(inset), last - inset) + v_place.xy * CELL;
    vec4 c = textureLod(colour, t / colour_size, lod);
    return c.a > 0.0 ? vec4(c.rgb / c.a, c.a) : vec4(0);
}
