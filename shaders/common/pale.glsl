// Unpainted surfaces beside painted ones: a little paler, so that one sees what is still to come. Needs common/daylight.glsl.
vec3 pale() {
    vec3 bare = unpainted();
    return mix(bare, vec3(dot(bare, vec3(0.3, 0.6, 0.1))) * 0.9 + 0.08, 0.22);
}
