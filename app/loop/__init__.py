"""The painting loop, with or without a window: gather a view, request a dream, lay it onto the surfaces."""
