// Mode `steps`: diffusion steps behind a texel, as a share of full_steps.
#include "common/chart.glsl"
#include "common/stored_texel.glsl"
#include "common/heat.glsl"
out vec4 o_colour;
uniform float full_steps;

void main() {
    float steps = stored_state().x;
    o_colour = vec4(steps > 0.0 ? heat(steps / full_steps) : no_value_colour(), 1.0);
}
