"""Built-in problems: one data set a file, found by name through the registry."""

from __future__ import annotations

if __name__ != "t2t_multimodel.problems":
    raise ImportError(
        "import t2t_multimodel.problems, not problems: "
        "a second copy would register everything twice"
    )
