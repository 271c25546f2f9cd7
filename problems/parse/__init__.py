"""Parsing of sentences into constituents."""
