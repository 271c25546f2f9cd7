"""A page about problems: what a person wants to see of data before and after training on them."""
