// Latents and state stored under the fragment. Needs common/chart.glsl.
uniform sampler2D latents;  // the page's first four channels
uniform sampler2D state;    // steps, density, revision
uniform float colour_size;  // 0: nothing painted on this page

vec4 stored_latents() { return colour_size > 0.0 ? texelFetch(latents, atlas_texel(), 0) : vec4(0); }
vec4 stored_state() { return colour_size > 0.0 ? texelFetch(state, atlas_texel(), 0) : vec4(0); }

// A quiet grey with some form, for what has no value in this mode.
vec3 no_value() {
    vec3 n = NORMAL[chart_side()];
    return vec3(is_sky() ? 0.16 : 0.24 + 0.06 * n.y + 0.04 * n.x);
}
