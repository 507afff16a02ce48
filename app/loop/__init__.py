"""See, request, dream, keep: the loop that paints, with or without a window."""
