"""The plan of a run: batches, parameters and memory, before any step."""
