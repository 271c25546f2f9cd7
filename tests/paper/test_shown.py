"""Affinity and experts on the page, from records made by hand."""

from __future__ import annotations

from typing import Any

from t2t_multimodel import registry
from t2t_multimodel.config import rates
from t2t_multimodel.paper.record import Record
from t2t_multimodel.paper.shown import affinity_blocks, experts_blocks, parts_of
from t2t_multimodel.report.page import Figure, Paragraph, Table

CURVES = {
    "affinity/octet_image": [[1, [0.02, -0.001]], [26, [0.04, -0.003]]],
    "affinity/octet_parse": [[1, [0.001, 0.05]], [26, [0.003, 0.05]]],
    "affinity_cpu_seconds": [[1, 2.0], [26, 4.0]],
    "octet_parse/train/share_decoder": [[50, [0.5, 0.5, 0.0, 0.0]], [100, [0.7, 0.3, 0.0, 0.0]]],
}


def record(**changes: Any) -> Record:
    config = registry.hparams.get("octet_quick")()
    config = config.replace(
        problems=rates("octet_image", "octet_parse"),
        train=config.train.replace(steps=50, affinity_steps=25),
    )
    values: dict[str, Any] = {
        "arm": "affinity",
        "seed": 0,
        "config": config.to_dict(),
        "rows": [],
        "examples": [],
        "classical": {},
        "session": {},
        "cpu_seconds": 36.0,
        "curves": CURVES,
    }
    return Record(**{**values, **changes})


def test_affinity_is_a_mean_with_its_standard_error() -> None:
    words, table, *pictures = affinity_blocks(record())
    assert isinstance(table, Table)
    assert table.columns == ("", "loss of octet_image", "loss of octet_parse")
    assert table.rows == [
        ("a step on octet_image", "+3.000% ±1.000%", "-0.200% ±0.100%"),
        ("a step on octet_parse", "+0.200% ±0.100%", "+5.000% ±0.000%"),
    ]
    assert [type(one) for one in pictures] == [Figure, Figure]
    assert isinstance(words, Paragraph)
    assert words.text.endswith("Measuring took 6 CPU seconds, 20% of the rest of the run.")


def test_a_run_that_measured_nothing_says_so() -> None:
    assert affinity_blocks(record(curves={})) == [
        Paragraph("Nothing was measured in the run of affinity.")
    ]


def test_experts_are_told_by_problem_and_layer() -> None:
    _, table, *pictures = experts_blocks(record())
    assert isinstance(table, Table)
    (row,) = table.rows
    assert row[:6] == ("octet_parse", "decoder", "0", "70.0%", "25.0%", "2 of 4")
    assert [type(one) for one in pictures] == [Figure, Figure]


def test_parts_come_in_the_order_that_is_asked_for() -> None:
    both = parts_of(("experts", "affinity"), record())
    assert both[1] == experts_blocks(record())[1]
    assert len(both) == len(experts_blocks(record())) + len(affinity_blocks(record()))
