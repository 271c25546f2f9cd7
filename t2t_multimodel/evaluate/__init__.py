"""Scores: teacher-forced, decoded, and the floors that a model must beat."""
