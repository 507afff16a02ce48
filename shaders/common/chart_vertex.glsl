// Attributes of a chart's vertex (VERTEX in engine/geometry/charts.py) and what they pass on to common/chart.glsl.
in vec3 in_position;
in vec2 in_texel;
in vec4 in_place;
in vec4 in_info;

uniform vec3 eye;

out vec3 v_ray;         // from the eye to the surface, world axes; a direction for the sky
out vec2 v_texel;       // chart coordinates, in texels
flat out vec4 v_place;  // atlas x, y, width, height of the chart
flat out vec4 v_info;   // chart, material (-1 = sky), side, page

void pass_chart_to_fragment() {
    v_ray = in_info.y < 0.0 ? in_position : in_position - eye;
    v_texel = in_texel;
    v_place = in_place;
    v_info = in_info;
}
