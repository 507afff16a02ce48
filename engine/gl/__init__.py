"""OpenGL without a window: context, shaders, render targets, time-sliced tasks."""
