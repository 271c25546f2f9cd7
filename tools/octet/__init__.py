"""One module for each vendored file of the octet: packages in, contents of `data/` out."""
