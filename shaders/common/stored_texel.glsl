// The latents and the state stored in the texel under the fragment. Needs common/chart.glsl.
#include "common/texel.glsl"
uniform sampler2D latents;  // the page's first four channels
uniform sampler2D state;    // steps, density, revision, frozen (engine/atlas/page.py)
const float PAGE = 256.0;   // side of a page, texels
uniform float colour_size;  // side of the page's colours, texels; 0 if the page has no paint

vec4 stored_latents() { return colour_size > 0.0 ? texel_at(latents, atlas_texel(), vec2(PAGE)) : vec4(0); }
vec4 stored_state() { return colour_size > 0.0 ? texel_at(state, atlas_texel(), vec2(PAGE)) : vec4(0); }

// The grey of surfaces that have no value in this mode, shaded by side so that shapes stay visible.
vec3 no_value_colour() {
    vec3 n = v_normal;
    return vec3(is_sky() ? 0.16 : 0.24 + 0.06 * n.y + 0.04 * n.x);
}
