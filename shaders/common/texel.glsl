// One texel of an image that is filtered by nearest texel and clamped at its edges. place: whole numbers, column and row from 0;
// size: of the image, texels. With software drivers this takes half the time of texelFetch, which computes the size of a mip level
// for each fragment.
vec4 texel_at(sampler2D image, vec2 place, vec2 size) { return textureLod(image, (place + 0.5) / size, 0.0); }
