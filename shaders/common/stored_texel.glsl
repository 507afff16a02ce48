// The latents and the state stored in the texel under the fragment. Needs common/chart.glsl.
uniform sampler2D latents;  // the page's first four channels
uniform sampler2D state;    // steps, density, revision, frozen (engine/atlas/page.py)
uniform float colour_size;  // side of the page's colours, texels; 0 if the page has no paint

vec4 stored_latents() { return colour_size > 0.0 ? texelFetch(latents, atlas_texel(), 0) : vec4(0); }
vec4 stored_state() { return colour_size > 0.0 ? texelFetch(state, atlas_texel(), 0) : vec4(0); }

// The grey of surfaces that have no value in this mode, shaded by side so that shapes stay visible.
vec3 no_value_colour() {
    vec3 n = NORMAL[chart_side()];
    return vec3(is_sky() ? 0.16 : 0.24 + 0.06 * n.y + 0.04 * n.x);
}
