// Mode `painted`, second pass: pages without any paint.
#include "common/chart.glsl"
#include "common/daylight.glsl"
#include "common/pale.glsl"
out vec4 o_colour;

void main() { o_colour = vec4(paler_unpainted(), opacity()); }
