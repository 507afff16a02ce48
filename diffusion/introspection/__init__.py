"""Look inside a run: activations, attention to words, emergence of regions, cost of a call."""
