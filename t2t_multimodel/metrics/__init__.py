"""Metrics of the field, as functions of outputs and targets."""
