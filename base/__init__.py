"""What every part shares: errors, files, settings. Imports the standard library only."""
