"""Readers of file formats: bytes in, plain Python values out. They know no problem."""
