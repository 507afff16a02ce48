// Painted, second pass: pages that have no paint at all.
#include "common/chart.glsl"
#include "common/daylight.glsl"
#include "common/pale.glsl"
out vec4 o_colour;

void main() { o_colour = vec4(pale(), opacity()); }
