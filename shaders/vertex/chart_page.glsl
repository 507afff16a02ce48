// Vertex shader: draws charts at their place on a page of the atlas.
#include "common/chart_vertex.glsl"
uniform float page_size;

void main() {
    pass_chart_to_fragment();
    gl_Position = vec4((in_place.xy + in_texel) / page_size * 2.0 - 1.0, 0.0, 1.0);
}
