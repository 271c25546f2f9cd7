"""Modality nets: how a kind of data enters the body's channels, and how it leaves them."""
