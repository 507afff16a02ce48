// Vertex shader: draws charts as the camera sees them. `matrix` takes positions relative to the camera, so float32 stays exact
// far from the world's origin.
#include "common/chart_vertex.glsl"
#include "common/daylight_vertex.glsl"
uniform mat4 matrix;
invariant gl_Position;  // several passes must produce the same depth

void main() {
    pass_chart_to_fragment();
    pass_daylight_to_fragment();
    gl_Position = matrix * vec4(v_ray, 1.0);
    if (in_info.y < 0.0) gl_Position.z = gl_Position.w * 0.999999;  // the sky lies just in front of the far plane
}
