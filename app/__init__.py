"""The program: command line, window, frame loop, worker, panels and render-to-video."""
