// Painted: what was dreamed, as it was dreamed; what was not shows as paler daylight.
#include "common/chart.glsl"
#include "common/daylight.glsl"
#include "common/colour.glsl"
out vec4 o_colour;

void main() {
    vec4 paint = painted_colour();
    float fade = smoothstep(0.0, 1.0, paint.a);
    if (fade >= 1.0) {
        o_colour = vec4(paint.rgb, 1.0);
        return;
    }
    vec3 bare = unpainted();
    bare = mix(bare, vec3(dot(bare, vec3(0.3, 0.6, 0.1))) * 0.9 + 0.08, 0.22);
    o_colour = vec4(mix(bare, paint.rgb, fade), max(opacity(), fade));
}
