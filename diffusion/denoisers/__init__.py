"""Functions that turn one denoiser into another: regions, guidance, windows, mixing, dilation, anagrams, correction."""
