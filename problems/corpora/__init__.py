"""Readers of corpora in the layouts in which their owners publish them."""
