"""The part of what a run logged that its record keeps: thinned curves, behind pictures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel.report.history import Curve, History, read_history

KEPT = re.compile(r"[^/]+/train/(xent|loss/[^/]+|share_[^/]+)|affinity/.+|affinity_cpu_seconds")
"""Names of the curves that are kept: train losses, shares of experts, affinity."""
POINTS = 24
"""Most points of a kept curve, spread evenly over it; the last one is among them."""


def kept_curves(run: Path) -> dict[str, Curve]:
    """Curves by name, with numbers of 4 digits."""
    curves = read_history(run / "scalars.jsonl").curves
    return {
        name: [(step, _short(value)) for step, value in thinned(curve)]
        for name, curve in curves.items()
        if KEPT.fullmatch(name)
    }


def thinned(curve: Curve) -> Curve:
    """At most `POINTS` of its points."""
    chosen = np.linspace(0, len(curve) - 1, min(POINTS, len(curve))).round().astype(int)
    return [curve[place] for place in chosen]


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return [_short(one) for one in value]
    return float(f"{value:.4g}")


def history_of(curves: dict[str, list[Any]]) -> History:
    """The curves of a record."""
    return History({name: [(step, value) for step, value in c] for name, c in curves.items()})
