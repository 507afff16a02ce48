// A feature map on the heat scale: crisp texels with anti-aliased borders, and a rim.
#include "common/heat.glsl"

uniform sampler2D atlas;
uniform vec3 ground;

in vec2 uv;
flat in vec4 map;
flat in float veiled;
flat in vec4 edge;
out vec4 colour;

// Samples so that texel borders are one pixel wide; where a pixel covers several texels, they blend.
float crisp(vec2 p) {
    vec2 border = floor(p + 0.5);
    p = border + clamp((p - border) / max(fwidth(p), 1e-5), -0.5, 0.5);
    vec2 inside = clamp(p, vec2(0.5), map.zw - 0.5);
    return texture(atlas, (map.xy + inside) / vec2(textureSize(atlas, 0))).r;
}

void main() {
    vec2 pixels = min(uv, 1.0 - uv) / max(fwidth(uv), 1e-6);  // distance to the edges
    float inner = min(pixels.x, pixels.y);
    vec3 shown = mix(heat(crisp(uv * map.zw)), ground, veiled);
    shown = mix(edge.rgb, shown, clamp(inner - edge.a, 0.0, 1.0));
    colour = vec4(shown, clamp(inner, 0.0, 1.0));
}
