"""Evaluator: scores a model on the splits of its problems."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import numpy as np

from t2t_multimodel.backend import compile_for
from t2t_multimodel.config import Config
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.cores import side_by_side
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.data.dataset import DataSet
from t2t_multimodel.data.draws import generator
from t2t_multimodel.data.stream import eval_stream
from t2t_multimodel.decode.decoder import Decoder
from t2t_multimodel.decode.grammar import guides
from t2t_multimodel.engines.engine import parallel_batches
from t2t_multimodel.errors import unknown
from t2t_multimodel.evaluate.result import Output, Result
from t2t_multimodel.features.signature import VALUE_LOSS, loss_name
from t2t_multimodel.losses import score
from t2t_multimodel.metrics import teacher_forced
from t2t_multimodel.multimodel import MultiModel

T = TypeVar("T")


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
        dataset, chosen, sources = self._chosen(name, split, examples, shuffle_sources)
        numbers, rows = [], []
        stream = eval_stream(dataset, self._config.data.of(name), chosen, sources)
        for chosen_here, counted in self._each(partial(self._counts, name), stream):
            loss, rows_here = counted
            numbers.append(chosen_here)
            rows.append(rows_here)
        counts = np.concatenate(rows)
        forced = teacher_forced.scores_of(counts, loss)
        metrics = tuple(m for m in problem.metrics if m not in forced)
        outputs: list[Output] = []
        if decode_examples and metrics:
            outputs = self._decoded(name, dataset, chosen[:decode_examples], sources)
        return Result(
            problem=name,
            split=split,
            fingerprint=self._prepared[name].fingerprint,
            numbers=np.concatenate(numbers),
            counts=counts,
            loss=loss,
            outputs=tuple(outputs),
            metrics=metrics if outputs else (),
            shuffled_sources=shuffle_sources,
        )

    def nats_at(
        self,
        name: str,
        split: str,
        examples: int,
        temperatures: Sequence[float],
        shuffle_sources: bool = False,
    ) -> tuple[str, np.ndarray]:
        """The nats of each example at several temperatures of the softmax.

        Args:
            name: problem whose targets are tokens or classes.
            split, examples, shuffle_sources: see `evaluate`.
            temperatures: the logits are divided by each.

        Returns:
            the split that was taken, and float [examples, temperatures] in the order of
            `evaluate`.
        """
        problem, signature = self._prepared[name].problem, self._model.signature(name)

        def run(batch: dict[str, Any]) -> Any:
            logits = self._model(batch, problem=name, training=False)["logits"]
            targets, length = batch["targets"], batch["targets_length"]
            return teacher_forced.nats_at(logits, targets, length, temperatures)

        compute = compile_for(self._model, signature, run)
        split = problem.eval_split(split)
        dataset, chosen, sources = self._chosen(name, split, examples, shuffle_sources)
        stream = eval_stream(dataset, self._config.data.of(name), chosen, sources)
        found = self._each(lambda batch: np.asarray(compute(batch)), stream)
        return split, np.concatenate([nats[: len(numbers)] for numbers, nats in found])

    def _chosen(
        self, name: str, split: str, examples: int, shuffle_sources: bool
    ) -> tuple[DataSet, np.ndarray, np.ndarray]:
        """The records of a split, the numbers that are scored, and whose source each has."""
        dataset = self._prepared[name].dataset(split)
        chosen = evaluation_order(name, split, len(dataset))[: examples or None]
        sources = np.arange(len(dataset))
        if shuffle_sources:
            sources[chosen] = np.roll(chosen, 1)  # a cycle: no example keeps its own
        return dataset, chosen, sources

    def outputs(self, name: str, split: str, examples: int) -> list[Output]:
        """Free-running output for the first `examples` that `evaluate` would score."""
        split = self._prepared[name].problem.eval_split(split)
        dataset = self._prepared[name].dataset(split)
        chosen = evaluation_order(name, split, len(dataset))[:examples]
        return self._decoded(name, dataset, chosen, np.arange(len(dataset)))

    def _each(
        self, compute: Callable[[Batch], T], stream: Iterator[tuple[np.ndarray, Batch]]
    ) -> Iterator[tuple[np.ndarray, T]]:
        """The numbers of each batch and what is computed of it, in the order of the stream.

        The first batch goes alone, since it may compile; of the others as many run side by side as
        in training, among which `share_cores` has shared the cores.
        """

        def work(numbers: np.ndarray, batch: Batch) -> tuple[np.ndarray, T]:
            return numbers, compute(batch)

        for first in itertools.islice(stream, 1):
            yield work(*first)
        parallel = parallel_batches(self._config)
        with ThreadPoolExecutor(parallel) as pool:
            yield from side_by_side(pool, work, stream, 2 * parallel)

    def _counts(self, name: str, batch: Batch) -> tuple[str, np.ndarray]:
        """The name of the loss if targets are values, and what the examples of a batch add."""
        signature = self._model.signature(name)
        of_values = signature.targets.output == "values"

        def run(batch: dict[str, Any]) -> dict[str, Any]:
            if of_values:
                return score(self._model, batch, name).scores.measures
            logits = self._model(batch, problem=name, training=False)["logits"]
            return teacher_forced.token_scores(logits, batch["targets"])

        if name not in self._functions:
            self._functions[name] = compile_for(self._model, signature, run)
        scores = {key: np.asarray(value) for key, value in self._functions[name](batch).items()}
        if of_values:
            loss = loss_name(scores)
            return loss.removeprefix(VALUE_LOSS), teacher_forced.error_counts(scores[loss], batch)
        return "", teacher_forced.counts(scores, batch, signature.targets.size)

    def _decoded(
        self, name: str, dataset: DataSet, chosen: np.ndarray, sources: np.ndarray
    ) -> list[Output]:
        """Free-running output for the chosen examples."""
        prepared = self._prepared[name]
        feature = prepared.problem.targets
        tokenizer = prepared.problem.tokenizer("targets", dict(prepared.tokenizers))
        outputs: list[Output] = []
        stream = eval_stream(dataset, self._config.data.of(name), chosen, sources)
        for numbers, decoded in self._each(partial(self._output, name), stream):
            for number, ids in zip(numbers, decoded[: len(numbers)], strict=True):
                target = feature.metric_target(dataset[int(number)]["targets"], tokenizer)
                output = feature.metric_output(ids, tokenizer)
                outputs.append(Output(int(number), target, output))
        return outputs

    def _output(self, name: str, batch: Batch) -> np.ndarray:
        """The best outputs, as `Decoded.ids`: all classes, one sequence, or the values."""
        targets, beam = self._model.signature(name).targets, self._config.evaluate.beam_size
        if name not in self._decoders:
            config = DecodeConfig(nbest=targets.size if targets.output == "classes" else 1)
            if beam > 1 and targets.output == "tokens":
                config = DecodeConfig(method="beam", beam_size=beam)
            prepared = self._prepared[name]
            own = guides(prepared.problem, prepared.tokenizers)
            self._decoders[name] = Decoder(self._model, name, config, own)
        return self._decoders[name](batch).ids


def check_split(split: str, prepared: dict[str, Prepared]) -> None:
    """Raises `UserError` if a split that was asked for is one that no problem has.

    dev and test, the defaults, may be missing: `Problem.eval_split` says what is taken instead.
    """
    if split not in ("dev", "test"):
        known = list(dict.fromkeys(s for one in prepared.values() for s in one.problem.splits))
        if split not in known:
            raise unknown("split of these problems", split, known)


def evaluation_order(name: str, split: str, examples: int) -> np.ndarray:
    """All examples of a split in the order in which evaluations take them, always the same."""
    return generator(0, f"eval/{name}/{split}").permutation(examples)
