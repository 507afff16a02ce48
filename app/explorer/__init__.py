"""The program in the window: window, input, frames."""
