"""Functions that wrap one denoiser in another: regions, guidance, windows, mixing, dilation, anagrams, correction."""
