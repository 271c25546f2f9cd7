"""Free-running output: greedy, beam search, samples, and scores of given targets."""
