"""From files to a model: pipeline folders, single files, LoRA, the embedded model."""
