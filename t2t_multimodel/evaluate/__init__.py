"""Scores: teacher-forced, decoded, and the baselines that a model must beat."""
