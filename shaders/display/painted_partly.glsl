// Painted, last pass: pages with paint, where it fades into what has none.
#include "common/chart.glsl"
#include "common/daylight.glsl"
#include "common/pale.glsl"
#include "common/colour.glsl"
#include "common/shade.glsl"
out vec4 o_colour;

void main() {
    vec4 paint = painted_colour();
    float fade = smoothstep(0.0, 1.0, paint.a);
    o_colour = vec4(mix(pale(), shaded(paint.rgb), fade), max(opacity(), fade));
}
