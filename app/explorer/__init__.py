"""The program in the window: frames, actions, the scene being edited."""
