// Mode `material`: every surface as if nothing were painted.
#include "common/chart.glsl"
#include "common/daylight.glsl"
out vec4 o_colour;

void main() { o_colour = vec4(unpainted_colour(), opacity()); }
