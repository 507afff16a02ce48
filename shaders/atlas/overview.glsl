// Reduces a page's colours to a quarter along each axis: the mean of 4x4 colour texels by four bilinear samples.
layout(location = 0) out vec4 o_colour;
uniform sampler2D colour;

void main() {
    vec2 corner = floor(gl_FragCoord.xy) * 4.0;
    vec2 size = vec2(textureSize(colour, 0));
    vec4 sum = vec4(0);
    for (int k = 0; k < 4; ++k) sum += textureLod(colour, (corner + vec2(1 + 2 * (k & 1), 1 + (k & 2))) / size, 0.0);
    o_colour = sum / 4.0;
}
