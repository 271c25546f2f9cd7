"""Baselines: what is reached without looking at the source, and by simple methods that do.

A score says something only beside them. The trivial baseline knows the size of the task, the
source-blind baseline knows the targets of the train split, the classical one (`classical`) knows
the sources too. A model that is not above the source-blind baseline has not begun to use its input.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import __version__
from t2t_multimodel.baselines.classical import (
    classical_baseline,
    decoded_scores,
    evenly,
    metric_targets,
    value_scores,
    values_of,
)
from t2t_multimodel.baselines.ngram import NGram
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import Output
from t2t_multimodel.metrics.text import FIRST
from t2t_multimodel.side_files import NUMBER, read_or, shaped

METHOD = "2"
"""Raised when the methods change: stored baselines of another one are measured again."""
ORDERS = (3, 4, 5)
"""N-gram orders among which the dev split chooses."""
MOST_TEXTS, MOST_LABELS = 300_000, 50_000
"""Train targets that the baselines learn from; of larger splits these many, evenly spaced."""
SHIPPED = "baselines.json"
"""File beside a problem's source file: a list of baselines, found by their fingerprint."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Baselines:
    """The baselines of one problem on one split; scores are named as those of a model."""

    problem: str
    split: str
    examples: int
    """Examples of the split; all are scored."""
    fingerprint: str
    """`fingerprint` names the content of the records; see `Prepared.fingerprint`."""
    command: str
    """`command` measures the baselines again."""
    versions: dict[str, str]
    """`versions` names the versions of the methods, of this package and of the libraries used."""
    seconds: float
    """The measuring took so many seconds."""
    methods: dict[str, str]
    """`methods` says in words what "trivial", "source_blind" and "classical" are."""
    trivial: dict[str, float]
    source_blind: dict[str, float]
    classical: dict[str, float] | None = None
    """None as long as nobody asked for it; empty where it is not known."""

    def to_json(self) -> dict[str, Any]:
        """JSON-able values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Baselines:
        """Inverse of `to_json`."""
        return cls(**values)


def measure_baselines(prepared: Prepared, split: str, classical: bool = True) -> Baselines:
    """The baselines of a split: stored ones, else shipped ones, else measured now and stored.

    Args:
        prepared: a problem with its records.
        split: one of its splits.
        classical: whether the classical baseline is wanted, which may take minutes. Without it the
            baselines take seconds, and `Baselines.classical` may be None.

    Raises:
        UserError: the problem has no such split, or its targets can not be predicted.
    """
    known = list(_known(prepared, split))
    for baselines in known:
        if baselines.classical is not None or not classical:
            return baselines
    baselines = known[0] if known else _measured(prepared, split)
    if classical:
        baselines = _with_classical(prepared, baselines)
    with written_by_rename(prepared.folder / _file_name(split)) as file:
        file.write(json.dumps(baselines.to_json(), indent=1).encode())
    return baselines


def known_baselines(prepared: Prepared, split: str) -> Baselines | None:
    """Baselines of a split that are stored or shipped; None where they must be measured first."""
    return next(_known(prepared, split), None)


def _known(prepared: Prepared, split: str) -> Iterator[Baselines]:
    """Baselines that were measured before, on these very records and by these methods."""
    own = prepared.folder / _file_name(split)
    rows: list[dict[str, Any]] = read_or(own, [], lambda row: [shaped(_SHAPE)(row)], print)
    source = getattr(sys.modules.get(type(prepared.problem).__module__), "__file__", None)
    if source:  # a notebook has none
        shipped = Path(source).with_name(SHIPPED)
        rows += read_or(shipped, [], shaped([_SHAPE]), print, list)
    for row in rows:
        same_records = row["fingerprint"] == prepared.fingerprint and row["split"] == split
        if same_records and row["versions"]["method"] == METHOD:
            yield Baselines.from_json(row)


_SCORES = {str: NUMBER}
_SHAPE = {
    **dict.fromkeys(("problem", "split", "fingerprint", "command"), str),
    **{"examples": int, "versions": {"method": str}, "seconds": NUMBER, "methods": {str: str}},
    **{"trivial": _SCORES, "source_blind": _SCORES},
}


def _file_name(split: str) -> str:
    return f"baselines-{split}.json"


def _measured(prepared: Prepared, split: str) -> Baselines:
    begin = time.monotonic()
    name = prepared.problem.name
    dataset = prepared.dataset(split)
    output = prepared.signature.targets.output
    if output is None:
        kind = type(prepared.problem.targets).__name__
        raise UserError(
            f"Problem {name!r} has {kind} targets; baselines are of tokens, classes and values."
        )
    methods, trivial, blind = _MEASURED[output](prepared, split)
    return Baselines(
        problem=name,
        split=split,
        examples=len(dataset),
        fingerprint=prepared.fingerprint,
        command=f"mm-problems baselines {name}" + ("" if split == "test" else f" --split={split}"),
        versions=_versions(),
        seconds=round(time.monotonic() - begin, 1),
        methods=methods,
        trivial=trivial,
        source_blind=blind,
    )


def _with_classical(prepared: Prepared, baselines: Baselines) -> Baselines:
    begin = time.monotonic()
    method, scores = classical_baseline(prepared, baselines.split)
    return dataclasses.replace(
        baselines,
        versions=_versions(),
        seconds=round(baselines.seconds + time.monotonic() - begin, 1),
        methods={**baselines.methods, "classical": method},
        classical=scores,
    )


def _versions() -> dict[str, str]:
    libraries = ("numpy", "scikit-learn", "sacrebleu", "jiwer")
    ours = {"method": METHOD, "t2t_multimodel": __version__}
    return ours | {library: version(library) for library in libraries}


Measures = tuple[dict[str, str], dict[str, float], dict[str, float]]
"""Methods, trivial scores, source-blind scores."""


def _of_classes(prepared: Prepared, split: str) -> Measures:
    """Uniform, and the frequencies of the train split (add-one, so that none is impossible)."""
    classes = prepared.signature.targets.size
    labels = metric_targets(prepared, _targets(prepared, split))
    train = metric_targets(prepared, _targets(prepared, "train", MOST_LABELS))
    counts = np.bincount(train, minlength=classes)
    prior = (counts + 1) / (counts + 1).sum()
    ranking = np.argsort(-counts, kind="stable")
    trivial = {"log_ppl": math.log(classes), "top1": 1 / classes}
    trivial |= {"top5": FIRST / classes} if classes > FIRST else {}
    blind = {"log_ppl": float(-np.log(prior[labels]).mean())}
    blind |= decoded_scores(prepared, labels, [ranking] * len(labels))
    methods = {
        "trivial": f"each of {classes} classes alike",
        "source_blind": f"class frequencies of {len(train):,} train examples",
    }
    return methods, trivial, blind


def _of_values(prepared: Prepared, split: str) -> Measures:
    """Zeros, and the mean of the train targets."""
    known = evenly(len(prepared.dataset("train")), MOST_TEXTS)
    mean = values_of(prepared, "train", known).mean(axis=0)
    blind = np.broadcast_to(mean, (len(prepared.dataset(split)), *mean.shape))
    methods = {
        "trivial": "zeros",
        "source_blind": f"the mean of {len(known):,} train targets",
    }
    trivial = value_scores(prepared, split, np.zeros_like(blind))
    return methods, trivial, value_scores(prepared, split, blind)


def _of_tokens(prepared: Prepared, split: str) -> Measures:
    """Single tokens, and n-grams; decoded scores are those of the most frequent train target."""
    targets, train = _targets(prepared, split), _targets(prepared, "train", MOST_TEXTS)
    size = prepared.signature.targets.size
    order = _best_order(prepared, train, size)
    dataset = prepared.dataset(split)
    stored = [dataset[i]["targets"] for i in range(len(dataset))]
    (most_frequent, _), *_ = Counter(map(tuple, train)).most_common(1)
    output = metric_targets(prepared, [np.asarray(most_frequent)])
    blind = _teacher_forced(NGram(train, order, size), targets)
    blind |= decoded_scores(prepared, metric_targets(prepared, stored), output * len(stored))
    methods = {
        "trivial": f"frequencies of the tokens of {len(train):,} train targets",
        "source_blind": f"Kneser-Ney {order}-gram of {len(train):,} train targets; "
        "decoded: the most frequent one",
    }
    return methods, _teacher_forced(NGram(train, 1, size), targets), blind


_MEASURED: dict[Output, Callable[[Prepared, str], Measures]] = {
    "tokens": _of_tokens,
    "classes": _of_classes,
    "values": _of_values,
}


def _best_order(prepared: Prepared, train: list[np.ndarray], size: int) -> int:
    """The n-gram order that suits dev best; without dev, a tenth of train held out."""
    if "dev" in prepared.problem.splits:
        held_out = _targets(prepared, "dev")
    else:
        held_out = train[::10]
        train = [target for i, target in enumerate(train) if i % 10] or train
    return min(ORDERS, key=lambda order: NGram(train, order, size).score(held_out).nats.sum())


def _teacher_forced(model: NGram, targets: Sequence[np.ndarray]) -> dict[str, float]:
    scores = model.score(targets)
    mistakes = np.bincount(scores.sequence, ~scores.right)
    return {
        "teacher_forced/log_ppl": float(scores.nats.mean()),
        "teacher_forced/accuracy": float(scores.right.mean()),
        "teacher_forced/sequence_accuracy": float((mistakes == 0).mean()),
    }


def _targets(prepared: Prepared, split: str, most: int | None = None) -> list[np.ndarray]:
    """Stored targets; of equally good ones all when learning from train, else the first."""
    dataset, feature = prepared.dataset(split), prepared.problem.targets
    first_only = split != "train"
    return [
        one
        for i in evenly(len(dataset), most or len(dataset))
        for one in feature.each(dataset[int(i)]["targets"])[: 1 if first_only else None]
    ]
