// Passes on to common/daylight.glsl what is the same for a whole chart. Needs common/chart_vertex.glsl.
uniform vec3 sun;              // direction towards the sun
uniform vec3 daylight_offset;  // blocks
uniform vec3 daylight_extent;
uniform float haze;  // 1 / blocks

uniform vec3 zenith;  // colours of the sky
uniform vec3 horizon;
uniform vec3 nadir;
uniform vec3 sunshine;  // light of the sun and the sky
uniform vec3 skylight;
uniform vec3 bounce;
uniform vec3 glow;

flat out vec3 v_sun, v_daylight_offset, v_daylight_extent;
flat out vec3 v_zenith, v_horizon, v_nadir, v_glow;
flat out vec3 v_sunlight, v_ambient;  // light of the sun and of all around on this side, where nothing is in the way
flat out vec3 v_full_light;           // light on flat ground in the open
flat out float v_haze;

void pass_daylight_to_fragment() {
    v_sun = sun;
    v_daylight_offset = daylight_offset;
    v_daylight_extent = daylight_extent;
    v_zenith = zenith;
    v_horizon = horizon;
    v_nadir = nadir;
    v_glow = glow;
    v_sunlight = sunshine * max(dot(v_normal, sun), 0.0);
    v_ambient = mix(bounce, skylight, v_normal.y * 0.5 + 0.5);
    v_full_light = sunshine * sun.y + skylight;
    v_haze = haze;
}
