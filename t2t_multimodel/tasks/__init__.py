"""Tasks that are added to a trained model, or removed from it."""
