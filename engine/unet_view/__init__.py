"""A U-Net at work as a thing in space: what stands where, how one walks around it, what flows through it, and its picture by GL."""
