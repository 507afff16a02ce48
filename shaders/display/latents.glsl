// Mode `latents`: the first three stored channels as colours; 0 is mid grey, ±2 full scale.
#include "common/chart.glsl"
#include "common/stored_texel.glsl"
out vec4 o_colour;

void main() {
    o_colour = vec4(stored_state().x > 0.0 ? stored_latents().rgb * 0.25 + 0.5 : no_value_colour(), 1.0);
}
