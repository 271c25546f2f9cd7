"""A trained model behind HTTP: JSON for programs, one page for people."""
