"""The file of an export that says what each of its signatures takes."""

from __future__ import annotations

ABOUT = "signatures.json"
"""Its name; only an export has such a file."""
