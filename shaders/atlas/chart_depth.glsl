// Visibility, per pixel of a view: the chart and the view depth.
#include "common/chart.glsl"
layout(location = 0) out vec4 o_view;  // chart, view depth

void main() { o_view = vec4(v_info.x, is_sky() ? 1e9 : dot(v_axes[2], v_ray), 0.0, 0.0); }
