"""From voxels to charts: faces, rectangles, packing, the sky, surface noise, the chart mesh."""
