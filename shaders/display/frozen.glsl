// Marks frozen texels over what is drawn already: a cold tint with stripes, unlike any paint.
#include "common/chart.glsl"
#include "common/stored_texel.glsl"
out vec4 o_colour;

void main() {
    if (stored_state().w <= 0.0) discard;
    float stripe = step(0.5, fract((gl_FragCoord.x + gl_FragCoord.y) / 14.0));
    o_colour = vec4(0.45, 0.75, 1.0, 0.22 + 0.26 * stripe);
}
