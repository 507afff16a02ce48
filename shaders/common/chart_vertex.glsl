// Attributes of a chart's vertex (VERTEX in engine/geometry/charts.py) and what they pass on to common/chart.glsl. With MESHES, charts
// have planes of their own (FRAME there).
#include "common/sides.glsl"
in vec3 in_position;
in vec2 in_texel;
in vec4 in_place;
in vec4 in_info;
#ifdef MESHES
in vec3 in_normal, in_along, in_down;
in vec2 in_spacing;  // side of a texel; how far a point may lie behind what the view shows and still be seen, in blocks
#endif

uniform vec3 eye;
uniform mat3 axes;             // columns right, up, forward
uniform vec2 size;             // pixels
uniform float focal;           // pixels per unit of tangent
uniform float texel_size;      // side of a texel, blocks
uniform float sky_texel_size;  // side of a sky texel on its cube of half-width 1

out vec3 v_ray;         // from the eye to the surface, world axes; a direction for the sky
out vec2 v_texel;       // chart coordinates, in texels
flat out vec4 v_place;  // atlas x, y, width, height of the chart
flat out vec4 v_info;   // chart, material (-1 = sky), side, page
// Fragments get all that is the same for a chart or a view from here: software drivers read each number of a uniform, or of an
// array, anew for each fragment, which takes longer than most of what is computed from it.
flat out vec3 v_normal, v_along, v_down;  // of the chart's side, or of its triangle, where the last two are no unit vectors
flat out float v_texel_size;              // side of a texel: blocks, or for the sky on its cube
#ifdef MESHES
flat out float v_slack;
#endif
flat out vec3 v_eye;
flat out mat3 v_axes;
flat out vec2 v_size;
flat out float v_focal;

void pass_chart_to_fragment() {
    v_ray = in_info.y < 0.0 ? in_position : in_position - eye;
    v_texel = in_texel;
    v_place = in_place;
    v_info = in_info;
#ifdef MESHES
    v_normal = in_normal;
    v_along = in_along;
    v_down = in_down;
    v_texel_size = in_spacing.x;
    v_slack = in_spacing.y;
#else
    int side = int(in_info.z + 0.5);
    v_normal = NORMAL[side];
    v_along = U_AXIS[side];
    v_down = V_AXIS[side];
    v_texel_size = in_info.y < 0.0 ? sky_texel_size : texel_size;
#endif
    v_eye = eye;
    v_axes = axes;
    v_size = size;
    v_focal = focal;
}
