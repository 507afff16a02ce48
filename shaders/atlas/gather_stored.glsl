// Gather, per latent pixel: stored latents and state of the nearest texel, page by page. Averaging would shrink the variance.
layout(location = 0) out vec4 o_latents;
layout(location = 1) out vec4 o_state;
uniform sampler2D atlas;    // x, y, page of each latent pixel
uniform sampler2D latents;  // of the page
uniform sampler2D state;
uniform float page;

void main() {
    vec4 place = texelFetch(atlas, ivec2(gl_FragCoord.xy), 0);
    if (place.z != page) discard;
    o_latents = texelFetch(latents, ivec2(place.xy), 0);
    o_state = texelFetch(state, ivec2(place.xy), 0);
}
