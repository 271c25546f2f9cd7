"""Vocabularies, records, batches and the mixture. Needs neither TensorFlow nor Keras."""
