// Mode `painted`, first pass: fully painted fragments as they were dreamed. Software GL computes both sides of every branch, so
// daylight has passes of its own, and the depth test keeps those off these fragments.
#include "common/chart.glsl"
#include "common/painted_colour.glsl"
out vec4 o_colour;

void main() {
    vec4 paint = painted_colour();
    if (paint.a < 1.0) discard;
    o_colour = vec4(paint.rgb, 1.0);
}
