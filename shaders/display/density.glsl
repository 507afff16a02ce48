// Mode `density`: pixels per texel when the texel was painted, 1/4 to 16 on a logarithmic scale.
#include "common/chart.glsl"
#include "common/stored_texel.glsl"
#include "common/heat.glsl"
out vec4 o_colour;

void main() {
    vec4 stored = stored_state();
    o_colour = vec4(stored.x > 0.0 ? heat((log2(max(stored.y, 0.01)) + 2.0) / 6.0) : no_value_colour(), 1.0);
}
