"""Evaluator: scores a model on the splits of its problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from t2t_multimodel.backend import compile_for
from t2t_multimodel.config import Config
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.data.dataset import DataSet
from t2t_multimodel.data.draws import generator
from t2t_multimodel.data.stream import eval_stream
from t2t_multimodel.decode.decoder import Decoder
from t2t_multimodel.evaluate import teacher_forced
from t2t_multimodel.features import ClassLabel
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.registry import metrics


@dataclass(frozen=True)
class Result:
    """The scores of one problem."""

    problem: str
    split: str
    examples: int
    """How many were scored teacher-forced."""
    scores: dict[str, float]
    shuffled_sources: bool = False
    samples: tuple[tuple[Any, Any], ...] = ()
    """(target, output) of the first decoded examples, as a person reads them."""


class Evaluator:
    """Holds the compiled functions, so that evaluating again costs no tracing."""

    def __init__(self, model: MultiModel, prepared: dict[str, Prepared], config: Config) -> None:
        self._model, self._prepared, self._config = model, prepared, config
        self._functions: dict[str, Callable[[Any], Any]] = {}
        self._decoders: dict[str, Decoder] = {}

    def evaluate(
        self,
        name: str,
        split: str,
        examples: int = 0,
        decode_examples: int = 0,
        shuffle_sources: bool = False,
    ) -> Result:
        """Scores one problem.

        Args:
            name: problem.
            split: preferred split; see `Problem.eval_split`.
            examples: most that are scored, drawn with a fixed seed; 0: all.
            decode_examples: most that are decoded for the problem's own metrics; 0: none.
            shuffle_sources: exchange the inputs among the examples. What the model then still
                knows, it knows without the source.
        """
        problem = self._prepared[name].problem
        split = problem.eval_split(split)
        dataset = self._prepared[name].dataset(split)
        chosen = generator(0, f"eval/{name}/{split}").permutation(len(dataset))
        chosen = chosen[: examples or None]
        sources = np.arange(len(dataset))
        if shuffle_sources:
            sources[chosen] = np.roll(chosen, 1)  # a cycle: no example keeps its own

        total: Counter[str] = Counter()  # adds floats as well
        for batch in eval_stream(dataset, self._config.data, chosen, sources):
            total.update(teacher_forced.sums(self._scores(name, batch), batch))
        scores = teacher_forced.scores_from(dict(total))
        decoded: dict[str, float] = {}
        samples: list[tuple[Any, Any]] = []
        if decode_examples and problem.metrics:
            decoded, samples = self._decoded(name, dataset, chosen[:decode_examples], sources)
        scores |= {key: value for key, value in decoded.items() if key not in scores}
        return Result(name, split, len(chosen), scores, shuffle_sources, tuple(samples[:5]))

    def _scores(self, name: str, batch: Batch) -> dict[str, np.ndarray]:
        def run(batch: dict[str, Any]) -> dict[str, Any]:
            logits = self._model(batch, problem=name, training=False)["logits"]
            return teacher_forced.token_scores(logits, batch["targets"])

        if name not in self._functions:
            self._functions[name] = compile_for(self._model, self._model.signature(name), run)
        scores = self._functions[name](batch)
        return {key: np.asarray(value) for key, value in scores.items()}

    def _decoded(
        self, name: str, dataset: DataSet, chosen: np.ndarray, sources: np.ndarray
    ) -> tuple[dict[str, float], list[tuple[Any, Any]]]:
        """The problem's own metrics on free-running output, and (target, output) pairs."""
        prepared = self._prepared[name]
        feature = prepared.problem.targets
        tokenizer = prepared.problem.tokenizer("targets", dict(prepared.tokenizers))
        targets: list[Any] = []
        outputs: list[Any] = []
        for batch in eval_stream(dataset, self._config.data, chosen, sources):
            real = batch["targets_length"] > 0
            decoded = np.asarray(self._output(name, batch))[real]
            if isinstance(feature, ClassLabel):
                targets += batch["targets"][real].tolist()
                outputs += list(decoded)
            else:
                targets += [feature.decode(row, tokenizer) for row in batch["targets"][real]]
                outputs += [feature.decode(row, tokenizer) for row in decoded]
        prefix = "" if isinstance(feature, ClassLabel) else "decoded/"
        scores = {
            prefix + metric: float(metrics.get(metric)(targets, outputs))
            for metric in prepared.problem.metrics
        }
        return scores, list(zip(targets, outputs, strict=True))

    def _output(self, name: str, batch: Batch) -> np.ndarray:
        """Class numbers ranked best first, int [rows, classes], or the best ids [rows, T]."""
        targets = self._model.signature(name).targets
        is_class = targets.modality == "class_label"
        if name not in self._decoders:
            config = DecodeConfig(nbest=targets.size if is_class else 1)
            self._decoders[name] = Decoder(self._model, name, config)
        ids = self._decoders[name](batch).ids
        return ids[:, :, 0] if is_class else ids[:, 0]
