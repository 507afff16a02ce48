"""What is shown: the scene renderer, daylight, marks, video output."""
