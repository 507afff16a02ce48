// Gather, per pixel: the stored colour (alpha 1 where painted), the chart and the view depth.
#include "common/chart.glsl"
#include "common/painted_colour.glsl"
layout(location = 0) out vec4 o_view;  // chart, view depth
layout(location = 1) out vec4 o_colour;

void main() {
    vec4 c = painted_colour();
    o_colour = c.a >= 0.5 ? vec4(c.rgb, 1.0) : vec4(0);
    o_view = vec4(v_info.x, is_sky() ? 1e9 : dot(v_axes[2], v_ray), 0.0, 0.0);
}
