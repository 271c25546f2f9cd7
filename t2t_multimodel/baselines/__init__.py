"""Baselines: the scores that a guess, a source-blind and a classical method reach."""
