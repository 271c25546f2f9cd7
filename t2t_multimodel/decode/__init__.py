"""Free-running output."""
