"""Engines: gradients and updates on one backend and one set of devices."""
