// Charts as the camera sees them. `matrix` takes camera-relative positions, which keeps float32 exact far from the origin.
#include "common/chart_in.glsl"
uniform mat4 matrix;
invariant gl_Position;  // several passes draw the same fragments

void main() {
    pass_chart();
    gl_Position = matrix * vec4(v_ray, 1.0);
    if (in_info.y < 0.0) gl_Position.z = gl_Position.w * 0.999999;  // the sky lies just before the far plane
}
