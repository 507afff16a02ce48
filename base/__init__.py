"""What every part shares: errors, files from outside and to the disk, settings."""
