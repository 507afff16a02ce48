// Mode `depth`: half a block to 128 blocks on a logarithmic scale; near is bright.
#include "common/chart.glsl"
#include "common/heat.glsl"
out vec4 o_colour;

void main() {
    float depth = dot(v_axes[2], v_ray);
    o_colour = vec4(is_sky() ? vec3(0.05) : heat(1.0 - (log2(max(depth, 0.01)) + 1.0) / 8.0), 1.0);
}
