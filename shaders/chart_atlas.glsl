// Charts as they lie on their page of the atlas.
#include "common/chart_in.glsl"
uniform float page_size;

void main() {
    pass_chart();
    gl_Position = vec4((in_place.xy + in_texel) / page_size * 2.0 - 1.0, 0.0, 1.0);
}
