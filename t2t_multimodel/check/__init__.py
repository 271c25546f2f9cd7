"""Checks a problem's contract: one core of pure functions serves mm-problems and pytest."""
