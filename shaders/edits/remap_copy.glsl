// Copies a painted texel from another page bit for bit, to one or two attachments.
flat in vec2 v_source;
layout(location = 0) out vec4 o_first;
layout(location = 1) out vec4 o_second;
uniform sampler2D first;
uniform sampler2D second;  // the page's state
uniform int scale;         // target pixels per texel

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy) + ivec2(v_source) * scale;
    vec4 state = texelFetch(second, at / scale, 0);
    if (state.x == 0.0) discard;  // unpainted: keep what another copy has put there
    o_first = texelFetch(first, at, 0);
    o_second = state;
}
