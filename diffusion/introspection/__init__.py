"""Looking inside a run: activations, attention to words, when regions emerge, what a call costs."""
