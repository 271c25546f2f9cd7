"""Recognition of speech."""
