// Material: every surface as if nothing had been painted.
#include "common/chart.glsl"
#include "common/daylight.glsl"
out vec4 o_colour;

void main() { o_colour = vec4(unpainted(), opacity()); }
