// The 8x8 colour texels of accepted texels look themselves up in the dreamed picture; what the view can't see takes the
// colour at its texel's centre, so that no holes are left.
#include "common/chart.glsl"
#include "common/view.glsl"
layout(location = 0) out vec4 o_colour;
uniform sampler2D picture;

void main() {
    vec3 normal = NORMAL[chart_side()];
    vec2 p;
    if (!seen(v_ray, normal, chart_id(), is_sky(), p)) p = project(ray_to(texel_index() + 0.5)).xy;
    float pixels = focal / dot(axes[2], v_ray) * chart_texel() / 8.0;  // of the picture under one colour texel
    float lod = clamp(log2(max(pixels, 1e-6)), 0.0, 4.0);
    o_colour = vec4(textureLod(picture, p / size, lod).rgb, 1.0);
}
