// Mode `painted`, first pass with daylight: fully painted fragments in the scene's light.
#include "common/chart.glsl"
#include "common/painted_colour.glsl"
#include "common/daylight.glsl"
#include "common/shade.glsl"
out vec4 o_colour;

void main() {
    vec4 paint = painted_colour();
    if (paint.a < 1.0) discard;
    o_colour = vec4(shade_paint(paint.rgb), 1.0);
}
