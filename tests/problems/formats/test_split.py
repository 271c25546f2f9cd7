"""Splits are pure functions of names."""

from __future__ import annotations

from collections import Counter

import pytest

from t2t_multimodel.problems.formats.split import draw, normalise, split_of


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The document, is NOT locked.", "the document is not locked"),
        ("You couldn\u2019t!", "you couldn't"),
        ("'quoted' goin'", "quoted goin"),
        ("Straße  42", "strasse 42"),
        ("\ufb01le", "file"),
        ("...", ""),
    ],
)
def test_normal_form(text, normal):
    assert normalise(text) == normal
    assert normalise(normal) == normal


def test_draws_do_not_change_from_run_to_run():
    assert draw("page swriter/main0000") == 0xDF45F75CFA2F / 2**48  # of its SHA-256


def test_shares_are_kept():
    counts = Counter(split_of(f"page {i}", dev=0.1, test=0.2) for i in range(20000))
    assert counts["dev"] == pytest.approx(2000, rel=0.1)
    assert counts["test"] == pytest.approx(4000, rel=0.1)
    assert counts.total() == 20000 == counts["dev"] + counts["test"] + counts["train"]
