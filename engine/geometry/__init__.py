"""From voxels to charts: faces, rectangles, packing, the sky, the chart mesh, surface noise."""
