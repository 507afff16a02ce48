// Each texel of a page looks itself up in a view: 1 where the view shows one of its points at a pixel that the mask marks.
#include "common/chart.glsl"
#include "common/view.glsl"
layout(location = 0) out vec4 o_seen;
uniform sampler2D mask;  // as large as the view

const float CORNER = 0.45;  // of a texel, from its centre

void main() {
    o_seen = vec4(0);
    for (int k = 0; k < 5; ++k) {
        vec2 corner = k == 0 ? vec2(0) : CORNER * vec2((k & 1) * 2 - 1, (k & 2) - 1);
        vec2 p;
        if (!shows(ray_to(texel_index() + 0.5 + corner), NORMAL[chart_side()], chart_id(), is_sky(), p)) continue;
        if (texelFetch(mask, ivec2(p), 0).x > 0.0) o_seen = vec4(1);
    }
}
