"""Single pictures: settings, prompt matching, generation, and settings stored in PNG files."""
