"""Controls for experiments on the octet: the same problems with one thing changed."""
