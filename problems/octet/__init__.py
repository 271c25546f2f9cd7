"""The octet: eight small real problems whose data lies in `data/` beside this file.

Images, captions, speech, parsing and six directions of translation, all read without a
download. `tools/build_octet.py` rebuilds each vendored file from its package.
"""
