// Marks frozen texels over what is drawn already: a cold tint with stripes, unlike any paint.
#include "common/chart.glsl"
#include "common/stored_texel.glsl"
out vec4 o_colour;
uniform float stripe_width;  // pixels of the target for a dark stripe and a bright one

void main() {
    if (stored_state().w <= 0.0) discard;
    float stripe = step(0.5, fract((gl_FragCoord.x + gl_FragCoord.y) / stripe_width));
    o_colour = vec4(0.45, 0.75, 1.0, 0.22 + 0.26 * stripe);
}
