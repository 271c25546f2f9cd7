"""What comparisons make of the records of their arms."""

from __future__ import annotations

from conftest import ROOT

from t2t_multimodel.paper.experiment import Comparison
from t2t_multimodel.paper.findings import find
from t2t_multimodel.paper.record import Record, load_record, record_file


def record(arm: str, seed: int) -> Record:
    found = load_record(record_file(ROOT / "docs" / "results", arm, seed))
    assert found is not None
    return found


def test_only_seeds_that_both_arms_have_are_compared() -> None:
    first, second = "no_experts", "no_attention"
    comparison = Comparison(
        first=first, second=second, problems=("octet_enfr",), decides="Attention matters."
    )
    both = {first: [record(first, 0)], second: [record(second, 0)]}
    more = {first: [record(first, 1), record(first, 0)], second: [record(second, 0)]}
    found, expected = (find(comparison, one, resamples=20).mean for one in (more, both))
    assert found == expected
    assert len(found.by_seed) == 1
