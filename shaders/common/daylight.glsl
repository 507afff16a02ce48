// The look of an unpainted surface: display colour, sun and sky light, a little grain, and haze. Needs common/chart.glsl.
// Squaring on the way in and a square root on the way out approximate linear light cheaply.
#include "common/texel.glsl"
uniform sampler3D daylight;   // shares of ambient light and of sunlight
uniform sampler2D materials;  // display colour and opacity of each material
const float MATERIALS = 256.0;
// what the vertex shader passes on (common/daylight_vertex.glsl)
flat in vec3 v_sun, v_daylight_offset, v_daylight_extent;
flat in vec3 v_zenith, v_horizon, v_nadir, v_glow;
flat in vec3 v_sunlight, v_ambient, v_full_light;
flat in float v_haze;

vec4 material() { return texel_at(materials, vec2(v_info.y, 0), vec2(MATERIALS, 1)); }

// Powers are products and roots: software drivers approximate logarithms slowly, for every fragment.
vec3 sky_colour(vec3 direction) {
    float t = max(1.0 - abs(direction.y), 0.0), t2 = t * t;
    vec3 c = direction.y > 0.0 ? mix(v_horizon, v_zenith, 1.0 - t2 * sqrt(t)) : mix(v_horizon, v_nadir, 1.0 - t2 * t2 * t2);
    float near = max(dot(direction, v_sun), 0.0), n4 = near * near * near * near, n8 = n4 * n4, n64 = n8 * n8 * n8 * n8;
    n64 *= n64;
    return c + v_glow * (n4 + 4.0 * n64 * n64 * n64 * n8);  // the 4th and the 200th power
}

float grain(vec3 cell) {
    uvec3 q = uvec3(ivec3(cell)) * uvec3(1597334677u, 3812015801u, 2798796415u);
    uint h = (q.x ^ q.y ^ q.z) * 1597334677u;
    return float((h ^ (h >> 15)) & 0xFFFFu) / 65535.0 - 0.5;
}

// Sunlight and skylight that reach the fragment, in linear light.
vec3 incoming_light() {
    vec2 light = texture(daylight, (v_ray + v_eye + v_normal * 0.4 + v_daylight_offset) / v_daylight_extent).rg;
    return v_sunlight * light.g + v_ambient * light.r;
}

// The lit colour of the fragment without haze.
vec3 lit_colour() {
    vec3 point = v_ray + v_eye;
    float pixels_per_texel = 1.0 / max(max(length(dFdx(v_texel)), length(dFdy(v_texel))), 1e-4);
    vec3 inner = point - v_normal * (0.5 * v_texel_size);
    float fine = grain(floor(inner / v_texel_size)) * clamp(pixels_per_texel / 3.0 - 0.4, 0.0, 1.0);
    float coarse = grain(floor(inner) + 91.0) * clamp(pixels_per_texel / v_texel_size / 6.0 - 0.4, 0.0, 1.0);
    vec3 base = material().rgb;
    base *= base * (1.0 + 0.13 * fine + 0.10 * coarse);
    return sqrt(base * incoming_light());
}

vec3 add_haze(vec3 colour) {
    float far = length(v_ray);
    float amount = 1.0 - exp(-far * v_haze * sqrt(far * v_haze));
    return mix(colour, sky_colour(vec3(v_ray.x, max(v_ray.y, 0.0), v_ray.z) / far), amount);
}

// The unpainted surface or sky.
vec3 unpainted_colour() { return is_sky() ? sky_colour(normalize(v_ray)) : add_haze(lit_colour()); }
float opacity() { return is_sky() ? 1.0 : material().a; }
