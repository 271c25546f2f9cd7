"""Makers of tiny twins: a few invented examples in a corpus's own layout."""
