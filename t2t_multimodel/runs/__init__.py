"""The folder of a run: its config, logs, samples and provenance."""
