// Painted, first pass, where the scene's daylight falls on what was dreamed.
#include "common/chart.glsl"
#include "common/colour.glsl"
#include "common/daylight.glsl"
#include "common/shade.glsl"
out vec4 o_colour;

void main() {
    vec4 paint = painted_colour();
    if (paint.a < 1.0) discard;
    o_colour = vec4(shaded(paint.rgb), 1.0);
}
