// Mode `painted`, last pass: fragments where paint fades into unpainted surface, and all of see-through surfaces.
#include "common/chart.glsl"
#include "common/daylight.glsl"
#include "common/pale.glsl"
#include "common/painted_colour.glsl"
#include "common/shade.glsl"
out vec4 o_colour;

void main() {
    vec4 paint = painted_colour();
    float fade = smoothstep(0.0, 1.0, paint.a);
    o_colour = vec4(mix(paler_unpainted(), shade_paint(paint.rgb), fade), opacity());
}
