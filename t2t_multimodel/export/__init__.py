"""A trained model as a SavedModel that takes what people have and needs no package to run."""
