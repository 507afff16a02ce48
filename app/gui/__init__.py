"""Dear ImGui on moderngl: renderer, input, theme, textures. The panels are in app/panels."""
