"""Load models from files: pipeline folders, single files, LoRAs, the embedded model."""
