// Density: how closely a texel was looked at when it was painted, 1/4 to 16 pixels per texel in doublings.
#include "common/chart.glsl"
#include "common/stored.glsl"
#include "common/heat.glsl"
out vec4 o_colour;

void main() {
    vec4 stored = stored_state();
    o_colour = vec4(stored.x > 0.0 ? heat((log2(max(stored.y, 0.01)) + 2.0) / 6.0) : no_value(), 1.0);
}
