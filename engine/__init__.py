"""GL and the latent volume: charts, atlas, G-buffer, gather and scatter, display, video. Never imports app, imgui or pyglet."""
