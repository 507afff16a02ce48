// Unpainted surfaces in the `painted` mode: a little paler, to show what is not painted yet. Needs common/daylight.glsl.
vec3 paler_unpainted() {
    vec3 bare = unpainted_colour();
    return mix(bare, vec3(dot(bare, vec3(0.3, 0.6, 0.1))) * 0.9 + 0.08, 0.22);
}
