// Latents: the first three stored channels as colours, 0 = mid grey, ±2 = full.
#include "common/chart.glsl"
#include "common/stored.glsl"
out vec4 o_colour;

void main() {
    o_colour = vec4(stored_state().x > 0.0 ? stored_latents().rgb * 0.25 + 0.5 : no_value(), 1.0);
}
