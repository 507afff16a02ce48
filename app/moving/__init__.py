"""Where the camera goes: on foot, along paths, filmed."""
