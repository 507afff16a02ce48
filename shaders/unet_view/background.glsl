// The background of the U-Net's picture: brighter in the middle.
uniform vec3 ground;
uniform vec3 glow;
uniform vec2 size;
out vec4 colour;

void main() {
    vec2 p = (gl_FragCoord.xy / size - vec2(0.5, 0.45)) * vec2(1.0, 1.15);
    float grain = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453) - 0.5;  // without it the gradient shows bands
    colour = vec4(mix(glow, ground, smoothstep(0.0, 0.75, length(p))) + grain / 255.0, 1.0);
}
