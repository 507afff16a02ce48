// What each fragment of a chart knows: its chart, its texel and the ray that hits it.
#include "common/sides.glsl"
in vec3 v_ray;
in vec2 v_texel;
flat in vec4 v_place;
flat in vec4 v_info;

uniform float texel_size;      // side of a texel, blocks
uniform float sky_texel_size;  // side of a sky texel on its cube of half-width 1

int chart_id() { return int(v_info.x + 0.5); }
bool is_sky() { return v_info.y < 0.0; }
int chart_side() { return int(v_info.z + 0.5); }
float chart_texel() { return is_sky() ? sky_texel_size : texel_size; }

// The texel under the fragment: in chart coordinates, and on the page.
vec2 texel_index() { return clamp(floor(v_texel), vec2(0), v_place.zw - 1.0); }
ivec2 atlas_texel() { return ivec2(v_place.xy + texel_index() + 0.5); }

// The ray from the eye to the chart's point at chart coordinates t (texels).
vec3 ray_to(vec2 t) {
    vec2 d = (t - v_texel) * chart_texel();
    return v_ray + d.x * U_AXIS[chart_side()] + d.y * V_AXIS[chart_side()];
}
