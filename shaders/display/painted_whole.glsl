// Painted, first pass: what was dreamed, as it was dreamed. Software GL computes both sides of every branch, so daylight has
// its own passes, and the depth test keeps them off what is painted.
#include "common/chart.glsl"
#include "common/colour.glsl"
out vec4 o_colour;

void main() {
    vec4 paint = painted_colour();
    if (paint.a < 1.0) discard;
    o_colour = vec4(paint.rgb, 1.0);
}
