"""Shows how losses and scores went: a table of where they began and ended, a drawing of each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from t2t_multimodel.features.signature import CROSS_ENTROPY, VALUE_LOSS
from t2t_multimodel.report.figures import Panel, draw
from t2t_multimodel.report.history import Curve, History
from t2t_multimodel.report.page import Cell, Figure, Media, PageSection, Table
from t2t_multimodel.report.record import RunRecord, compared_score

_NATS = ("log_ppl", "teacher_forced/log_ppl")
_OF_TRAINING = (CROSS_ENTROPY, "accuracy", "tokens", "aux_loss")
_OF_LAYERS = ("share_", "entropy_", "max_violation_")
_BARS = "▁▂▃▄▅▆▇█"
_BARS_WIDE = 12


class Evaluated(NamedTuple):
    """One score of one problem over the steps."""

    split: str
    score: str
    curve: Curve


def curves_section(record: RunRecord, history: History) -> PageSection:
    """Train loss and every evaluated score of each problem, beside what needs no source."""
    train = ("problem", "train loss", "first", "last")
    evaluated = ("evaluated", "first", "best", "at step", "last", "source-blind baseline")
    rows = [row for name in record.data for row in _rows(record, history, name)]
    drawn = {f"{name}: curves": _panels(record, history, name) for name in record.data}
    drawn["the whole run"] = [
        Panel(name, {name: curve}, log=name == "gradient_norm")
        for name in ("learning_rate", "gradient_norm", "examples_per_second")
        if (curve := history.curves.get(f"train/{name}"))
    ]
    figures = [
        Figure(Media("image/png", draw(panels, history.last_step), words))
        for words, panels in drawn.items()
        if panels
    ]
    return PageSection("Curves", [Table((*train, *evaluated), rows), *figures])


def evaluations(history: History, problem: str) -> list[Evaluated]:
    """The scores of a problem that were evaluated on the way, whatever split they are of."""
    found = []
    for name, curve in history.under(f"{problem}/").items():
        split, _, score = name.partition("/")
        logged_in_training = split == "train" and (
            score in _OF_TRAINING or score.startswith((*_OF_LAYERS, VALUE_LOSS))
        )
        if split != "mixture" and not logged_in_training:
            found.append(Evaluated(split, score, curve))
    return found


def baseline_of(
    record: RunRecord, problem: str, split: str, score: str
) -> tuple[str, float] | None:
    """The source-blind baseline in words and its value: of the split, else of another one."""
    known = record.baselines.get(problem, {})
    for other in (split, *known):
        value = known.get(other, {}).get("source_blind", {}).get(score)
        if value is not None:
            return f"source-blind baseline ({other})", value
    return None


def sparkline(values: list[float]) -> str:
    """A dozen bars as text, each the mean of its part of the values."""
    parts = np.array_split(np.asarray(values, float), min(_BARS_WIDE, len(values)))
    means = np.array([part.mean() for part in parts])
    height = (means - means.min()) / (float(np.ptp(means)) or 1.0)
    return "".join(_BARS[round(float(one) * (len(_BARS) - 1))] for one in height)


def _rows(record: RunRecord, history: History, problem: str) -> list[tuple[Cell, ...]]:
    train = [value for _, value in _train_loss(history, problem)[1]]
    head = (sparkline(train), f"{train[0]:.4f}", f"{train[-1]:.4f}") if train else ("-",) * 3
    scores = evaluations(history, problem)
    wanted = compared_score({one.score: 0.0 for one in scores})
    compared = [one for one in scores if one.score == wanted]
    if not compared:
        return [(problem, *head, *("-",) * 6)]
    return [(problem, *head, *_evaluated(record, problem, one)) for one in compared]


def _train_loss(history: History, problem: str) -> tuple[str, Curve]:
    """The name of the loss that a problem was trained on, and its curve, empty if there is none."""
    prefix = f"{problem}/train/"
    for name, curve in history.under(prefix).items():
        if name == CROSS_ENTROPY:
            return name, curve
        if name.startswith(VALUE_LOSS):
            return name.removeprefix(VALUE_LOSS), curve
    return CROSS_ENTROPY, []


def _is_loss(score: str) -> bool:
    return score in _NATS or score.startswith("loss/")


def _evaluated(record: RunRecord, problem: str, one: Evaluated) -> tuple[str, ...]:
    best = (min if _is_loss(one.score) else max)(one.curve, key=lambda point: point[1])
    baseline = baseline_of(record, problem, one.split, one.score)
    return (
        f"{one.split} {one.score}",
        f"{one.curve[0][1]:.4f}",
        f"{best[1]:.4f}",
        f"{best[0]:,}",
        f"{one.curve[-1][1]:.4f}",
        f"{baseline[1]:.4f}" if baseline else "-",
    )


def _panels(record: RunRecord, history: History, problem: str) -> list[Panel]:
    """The loss first, train and evaluated together, then a panel for each other score."""
    name, train = _train_loss(history, problem)
    losses: dict[str, Curve] = {f"train {name}": train} if train else {}
    levels: dict[str, float] = {}
    others = []
    for one in evaluations(history, problem):
        baseline = baseline_of(record, problem, one.split, one.score)
        level = dict([baseline]) if baseline else {}
        words = f"{one.split} {one.score}"
        if _is_loss(one.score):
            losses[words] = one.curve
            levels |= level
        else:
            others.append(Panel(f"{problem}: {words}", {words: one.curve}, level))
    unit = "nats a target" if name == CROSS_ENTROPY else name
    first = [Panel(f"{problem}: {unit}", losses, levels)] if losses else []
    return first + others
