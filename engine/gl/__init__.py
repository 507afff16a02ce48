"""OpenGL without a window: context, shaders, render targets, uniforms, work in time slices."""
