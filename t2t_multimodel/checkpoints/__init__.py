"""Checkpoints: written, read, averaged, and begun from."""
