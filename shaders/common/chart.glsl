// What each fragment of a chart knows: its chart, its texel and the ray that hits it.
in vec3 v_ray;
in vec2 v_texel;
flat in vec4 v_place;
flat in vec4 v_info;
flat in vec3 v_normal, v_along, v_down;
flat in float v_texel_size;
#ifdef MESHES
flat in float v_slack;
#endif
flat in vec3 v_eye;
flat in mat3 v_axes;
flat in vec2 v_size;
flat in float v_focal;

int chart_id() { return int(v_info.x + 0.5); }
#ifdef SKY  // where all charts of a draw are of the sky, or none is, software drivers needn't compute both
bool is_sky() { return SKY; }
#else
bool is_sky() { return v_info.y < 0.0; }
#endif

// The texel under the fragment: in chart coordinates, and on the page.
vec2 texel_index() { return clamp(floor(v_texel), vec2(0), v_place.zw - 1.0); }
vec2 atlas_texel() { return v_place.xy + texel_index(); }

// The ray from the eye to the chart's point at chart coordinates t (texels).
vec3 ray_to(vec2 t) {
    vec2 d = (t - v_texel) * v_texel_size;
    return v_ray + d.x * v_along + d.y * v_down;
}
