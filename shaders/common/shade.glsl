// Paint in the scene's daylight: the brightest surface stays as it was dreamed, shadows and distance show. Needs common/daylight.glsl.
uniform float shade;  // 0 = as it was dreamed, 1 = all of the light

vec3 shaded(vec3 paint) {
    if (is_sky()) return paint;
    vec3 full = sunshine * sun.y + skylight;
    vec3 lit = paint * sqrt(falling() / full);
    return mix(paint, hazed(lit), shade);
}
