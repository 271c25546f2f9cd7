"""What a run left, for people: summaries, differences between runs, batches kept for a look."""
