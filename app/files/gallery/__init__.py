"""The gallery: generated pictures that are kept on disk, as files of a folder and nothing else."""
