// Puts paint into the scene's daylight: fully lit surfaces keep their colour, shadows and haze are added. Needs
// common/daylight.glsl.
uniform float shade;  // 0: paint as it is; 1: full daylight

vec3 shade_paint(vec3 paint) {
    if (is_sky()) return paint;
    vec3 lit = paint * sqrt(incoming_light() / v_full_light);
    return mix(paint, add_haze(lit), shade);
}
