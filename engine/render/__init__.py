"""What is shown: the scene renderer, daylight, marks on frozen texels, video output."""
