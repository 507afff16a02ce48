"""What the explorer leaves on disk and takes from it: saves, autosaves, drops, shots, preferences."""
