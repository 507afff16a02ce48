"""A U-Net at work, drawn in 3D: layout, orbiting camera, data flow, labels and the GL drawing."""
