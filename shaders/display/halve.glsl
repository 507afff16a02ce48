// Halves a picture: each pixel is the mean of four, as sampled linearly at the corner that they share.
out vec4 o_colour;
uniform sampler2D picture;

void main() { o_colour = textureLod(picture, (floor(gl_FragCoord.xy) * 2.0 + 1.0) / vec2(textureSize(picture, 0)), 0.0); }
