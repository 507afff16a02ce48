"""Evaluate a trained model: the judge, the measures and their figures."""
