"""Shows people what a run left: summaries, differences between runs, batches kept for a look."""
