"""ExportedModel: what `mm-export` wrote, asked from Python as a `Model` is."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from t2t_multimodel import quiet, registry
from t2t_multimodel.api.inputs import is_one, value_of
from t2t_multimodel.api.prediction import Candidate, Prediction
from t2t_multimodel.errors import BadValue, UserError, foreign, reason, unknown
from t2t_multimodel.export.about import ABOUT
from t2t_multimodel.features import Feature
from t2t_multimodel.side_files import read_json


class ExportedModel:
    """A SavedModel of `mm-export`. How outputs are chosen was settled when it was written.

    Args:
        folder: that `mm-export` wrote.

    Raises:
        UserError: the folder is damaged.
    """

    def __init__(self, folder: Path) -> None:
        about = read_json(folder / ABOUT, ("step", "signatures"))
        self.folder = folder
        self.problems: list[str] = list(about["signatures"])
        """The names of the problems that have a signature."""
        self.step = int(about["step"])
        """Steps of training behind it."""
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"<ExportedModel {self.folder}, step {self.step:,}: {', '.join(self.problems)}>"

    def predict(self, problem: str, inputs: Any, *, batch_size: int = 64, **options: Any) -> Any:
        """What the model makes of inputs; see `Model.predict`.

        Args:
            problem: one of `problems`.
            inputs: one input, a list of them, or an iterator.
            batch_size: inputs that are computed together, at most.
            options: none can be given; those of `Model.predict`, such as `nbest` or `temperature`,
                are answered with what to do instead.

        Raises:
            UserError: the export does not have the problem, an input can not be read, or an
                option of decoding is given.
        """
        if options:
            raise UserError(
                f"{self.folder} is an export, whose outputs are chosen as mm-export was told, so "
                f"{', '.join(sorted(options))} can not be given.",
                "Export again with --nbest, --beam_size or --alpha, or load the run for more.",
            )
        if problem not in self.problems:
            raise unknown("problem of this export", problem, self.problems)
        feature: Feature = registry.problems.get(problem)().inputs
        if is_one(inputs):
            return next(self._each(problem, feature, [inputs], batch_size))
        found = self._each(problem, feature, inputs, batch_size)
        return found if isinstance(inputs, Iterator) else list(found)

    def __getattr__(self, name: str) -> NoReturn:
        if name in ("score", "encode", "evaluate", "network"):
            raise UserError(
                f"{self.folder} is an export, which can only predict.",
                f"For {name}, load the run or the checkpoint that it was made from.",
            )
        raise AttributeError(f"'ExportedModel' object has no attribute '{name}'")

    @functools.cached_property
    def _loaded(self) -> Any:
        """What `tf.saved_model.load` gives: its signatures alone do not keep it alive."""
        quiet.import_tensorflow()
        import tensorflow as tf

        return tf.saved_model.load(str(self.folder))

    def _each(
        self, problem: str, feature: Feature, inputs: Any, batch_size: int
    ) -> Iterator[Prediction]:
        numbered = enumerate(inputs, start=1)
        while window := list(islice(numbered, batch_size)):
            values = [self._value(given, number, problem, feature) for number, given in window]
            with self._lock:
                found = self._loaded.signatures[problem](**_arguments(values))
            yield from _predictions(problem, {k: np.asarray(v) for k, v in found.items()})

    def _value(self, given: Any, number: int, problem: str, feature: Feature) -> Any:
        """One input as the signature takes it: a text, the bytes of a picture, or samples."""
        try:
            with foreign(BadValue):
                return feature.graph_value(value_of(given, feature))
        except BadValue as error:
            raise UserError(f"Input {number:,} of {problem}: {reason(error)}.") from error


def _arguments(values: list[Any]) -> dict[str, Any]:
    """Texts and files as strings; samples padded to the longest, with their lengths."""
    import tensorflow as tf

    if not isinstance(values[0], np.ndarray):
        return {"inputs": tf.constant(values)}
    lengths = np.asarray([len(one) for one in values], np.int32)
    padded = np.zeros((len(values), lengths.max()), np.float32)
    for row, one in zip(padded, values, strict=True):
        row[: len(one)] = one
    return {"inputs": tf.constant(padded), "inputs_length": tf.constant(lengths)}


def _predictions(problem: str, found: dict[str, np.ndarray]) -> Iterator[Prediction]:
    if "values" in found:
        for values in found["values"]:
            yield Prediction(problem, (Candidate(str(values.tolist()), None, values),))
        return
    for texts, scores in zip(found["text"], found["score"], strict=True):
        yield Prediction(
            problem,
            tuple(
                Candidate(text.decode(), float(score), text.decode())
                for text, score in zip(texts, scores, strict=True)
                if np.isfinite(score)
            ),
        )
