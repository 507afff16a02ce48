"""Parts of the explorer that own a resource: threads, files, volumes, textures."""
