"""How good a trained model is: the judge, measures, figures, sheets and the model card."""
