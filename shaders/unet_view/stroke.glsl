// A stroke with anti-aliased edges that may taper and fade towards its tail.
noperspective in vec2 pixel;
flat in vec4 ends;
flat in vec2 radii;
flat in vec4 tint;
out vec4 colour;

void main() {
    vec2 along = ends.xy - ends.zw;
    float t = clamp(dot(pixel - ends.zw, along) / max(dot(along, along), 1e-6), 0.0, 1.0);
    float radius = mix(radii.y, radii.x, t);
    float cover = clamp(radius + 0.5 - distance(pixel, ends.zw + t * along), 0.0, 1.0);
    if (cover <= 0.0) discard;
    colour = vec4(tint.rgb, tint.a * cover * (radii.x == radii.y ? 1.0 : t));
}
