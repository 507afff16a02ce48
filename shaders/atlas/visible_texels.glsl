// Visibility, per texel of a page: 1 where the view shows one of the texel's points at a pixel that the mask marks.
#include "common/chart.glsl"
#include "common/view.glsl"
layout(location = 0) out vec4 o_visible;
uniform sampler2D mask;  // as large as the view

const float CORNER = 0.45;  // texels from a texel's centre to its tested corners

void main() {
    o_visible = vec4(0);
    for (int k = 0; k < 5; ++k) {
        vec2 corner = k == 0 ? vec2(0) : CORNER * vec2((k & 1) * 2 - 1, (k & 2) - 1);
        vec2 p;
        if (!visible_at(ray_to(texel_index() + 0.5 + corner), v_normal, chart_id(), is_sky(), p)) continue;
        if (texel_at(mask, floor(p), v_size).x > 0.0) o_visible = vec4(1);
    }
}
