"""How good a trained model is: the judge, measures, and the figures they give."""
