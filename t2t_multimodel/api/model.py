"""Model: a trained model with what it can be asked."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, overload

import numpy as np

from t2t_multimodel import storage
from t2t_multimodel.api.asking import Asking
from t2t_multimodel.api.inputs import check_readable, encoded, is_one
from t2t_multimodel.api.places import Place, RawDirLike, raw_dirs
from t2t_multimodel.api.prediction import Candidate, Prediction
from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.checkpoints.recorded_features import check_features
from t2t_multimodel.checkpoints.trusted_code import remembered_raw_dir
from t2t_multimodel.decode.inputs import Item
from t2t_multimodel.decode.outputs import Answer
from t2t_multimodel.decode.runner import WINDOW
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.evaluate.main import EvalRequest, scored_rows
from t2t_multimodel.evaluate.table import Row
from t2t_multimodel.multimodel import MultiModel

if TYPE_CHECKING:
    from typing_extensions import Unpack

Errors = Literal["raise", "keep"]
OneInput = str | bytes | Path | np.ndarray


class DecodingOptions(TypedDict, total=False):
    """How outputs are chosen; the names and defaults are those of the flags of `mm-decode`."""

    nbest: int
    """Outputs for each input, by beam search unless outputs are sampled."""
    beam_size: int
    alpha: float
    temperature: float
    top_k: int
    top_p: float
    seed: int
    ctc_weight: float
    max_length: int
    jit: bool


class Model:
    """A trained model. Its methods may be called by several threads; the model computes for one
    at a time, and what a call returns does not depend on the others.

    Args:
        checkpoint: of the model; `load` opens one.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.problems: list[str] = checkpoint.problems(())
        """The names of the problems that the model was trained on."""
        self.step = checkpoint.step
        """Steps of training behind it."""
        self._lock = threading.RLock()
        self._asked: dict[str, Asking] = {}

    def __repr__(self) -> str:
        problems = ", ".join(self.problems)
        return f"<Model {self.checkpoint.path}, step {self.step:,}: {problems}>"

    @functools.cached_property
    def network(self) -> MultiModel:
        """The Keras model, weights included."""
        with self._lock:
            return self.checkpoint.model()

    @overload
    def predict(
        self,
        problem: str,
        inputs: OneInput,
        *,
        batch_size: int = ...,
        errors: Errors = ...,
        **options: Unpack[DecodingOptions],
    ) -> Prediction: ...

    @overload
    def predict(
        self,
        problem: str,
        inputs: list[Any],
        *,
        batch_size: int = ...,
        errors: Errors = ...,
        **options: Unpack[DecodingOptions],
    ) -> list[Prediction]: ...

    @overload
    def predict(
        self,
        problem: str,
        inputs: Iterator[Any],
        *,
        batch_size: int = ...,
        errors: Errors = ...,
        **options: Unpack[DecodingOptions],
    ) -> Iterator[Prediction]: ...

    @overload
    def predict(
        self,
        problem: str,
        inputs: Any,
        *,
        batch_size: int = ...,
        errors: Errors = ...,
        **options: Unpack[DecodingOptions],
    ) -> Any: ...

    def predict(
        self,
        problem: str,
        inputs: Any,
        *,
        batch_size: int = 64,
        errors: Errors = "raise",
        **options: Unpack[DecodingOptions],
    ) -> Any:
        """What the model makes of inputs.

        Args:
            problem: one of `problems`.
            inputs: one input, a list of inputs, or an iterator, whose predictions come as an
                iterator too. Texts are str; images and sounds are paths, the bytes of files,
                arrays, pictures of Pillow, or (samples, rate). An array is one input.
            batch_size: most inputs that the model computes at once.
            errors: "raise", or "keep" an input that can not be read as a `Prediction` that has an
                `error` and no candidates.
            options: how outputs are chosen; greedy if nothing else is asked for.

        Returns:
            a `Prediction` for one input, a list for several, an iterator for an iterator.

        Raises:
            UserError: the model does not know the problem, an option is wrong or does not fit the
                problem, or an input can not be read.
        """
        asking = self._asking(problem)
        answers = asking.answers(options, batch_size)
        if errors not in ("raise", "keep"):
            raise unknown("value of errors", str(errors), ("raise", "keep"))

        def predicted(items: list[Item]) -> list[Prediction]:
            if errors == "raise":
                check_readable(items, problem)
            with self._lock:
                found = answers(items)
            return [self._prediction(asking, *pair) for pair in zip(items, found, strict=True)]

        return self._of_each(asking, inputs, predicted, batch_size)

    def encode(self, problem: str, inputs: Any, *, batch_size: int = 64) -> Any:
        """The output of the encoder for inputs: features of what the model reads.

        Args:
            problem: as in `predict`.
            inputs: as in `predict`.
            batch_size: as in `predict`.

        Returns:
            float32 [positions, width] for one input, a list of such for several, an iterator for
            an iterator. Positions of padding are left out.

        Raises:
            UserError: the model does not know the problem, or an input can not be read.
        """
        asking = self._asking(problem)

        def features(items: list[Item]) -> list[np.ndarray]:
            check_readable(items, problem)
            with self._lock:
                return asking.encoder_features(items, batch_size)

        return self._of_each(asking, inputs, features, batch_size)

    def score(self, problem: str, inputs: Any, targets: Any, *, batch_size: int = 64) -> Any:
        """The log-probability of each target, given its input.

        Args:
            problem: as in `predict`.
            inputs: one input, or several.
            targets: as many targets: texts, class names or class numbers.
            batch_size: as in `predict`.

        Returns:
            a float for one input, a list of floats for several: nats, the end included, so at
            most 0.

        Raises:
            UserError: the model does not know the problem, an input or a target can not be read,
                there are not as many of both, or the targets of the problem have no probability.
        """
        asking = self._asking(problem)
        single = is_one(inputs)
        pairs = [(inputs, targets)] if single else _paired(list(inputs), targets)
        items = list(encoded([one for one, _ in pairs], asking.encoder, asking.problem.inputs))
        check_readable(items, problem)
        stored = asking.encoded_targets([target for _, target in pairs])
        with self._lock:
            scores = asking.log_probabilities(items, stored, batch_size)
        return scores[0] if single else scores

    def evaluate(
        self,
        problem: str | None = None,
        *,
        split: str | None = None,
        shuffle_sources: bool = False,
        data_dir: Place = "data",
        raw_dir: RawDirLike = None,
    ) -> Any:
        """Scores the model on a split, as `mm-eval` does.

        Args:
            problem: one of `problems`; None: all of them.
            split: None: the one of the final table of its run.
            shuffle_sources: exchange the inputs among the examples.
            data_dir: folder of the records; what is missing is made.
            raw_dir: where the raw files are; None: where the run had them.

        Returns:
            a `Row` with `scores`, `intervals` and `baselines`, or a list of rows for all problems.

        Raises:
            UserError: the model does not know the problem, there is no such split, or raw files
                are missing.
        """
        names = self.problems if problem is None else [problem]
        checkpoint = self.checkpoint
        request = EvalRequest(
            problems=checkpoint.problems(names),
            split=split,
            shuffle_sources=shuffle_sources,
            data_dir=storage.place(data_dir),
            raw_dir=raw_dirs(raw_dir) or remembered_raw_dir(checkpoint.run),
        )
        with self._lock:
            rows: list[Row] = scored_rows(checkpoint, request, self.network)
        return rows if problem is None else rows[0]

    def _asking(self, problem: str) -> Asking:
        """What is asked about one problem; it is made when it is first needed."""
        with self._lock:
            if problem not in self._asked:
                self.checkpoint.problems([problem])
                check_features(self.checkpoint, [problem])
                self._asked[problem] = Asking(self.checkpoint, self.network, problem)
            return self._asked[problem]

    def _of_each(
        self,
        asking: Asking,
        inputs: Any,
        results: Callable[[list[Item]], Sequence[Any]],
        batch_size: int,
    ) -> Any:
        """The results of one input, of a list, or of an iterator, window by window."""
        lazy = isinstance(inputs, Iterator)
        several = [inputs] if is_one(inputs) else inputs

        def each() -> Iterator[Any]:
            items = encoded(several, asking.encoder, asking.problem.inputs)
            while window := list(islice(items, batch_size if lazy else WINDOW)):
                yield from results(window)

        if lazy:
            return each()
        return next(each()) if is_one(inputs) else list(each())

    def _prediction(self, asking: Asking, item: Item, answer: Answer) -> Prediction:
        candidates = tuple(
            Candidate(text, score, asking.value(output))
            for text, score, output in zip(answer.texts, answer.scores, answer.outputs, strict=True)
        )
        return Prediction(asking.problem.name, candidates, item.note, item.fault)


def _paired(inputs: list[Any], targets: Any) -> list[tuple[Any, Any]]:
    if isinstance(targets, (str, bytes)):
        raise UserError(f"Inputs: {len(inputs):,}, but one target.")
    known = list(targets)
    if len(known) != len(inputs):
        raise UserError(
            f"Inputs: {len(inputs):,}, targets: {len(known):,}.", "Give a target for each input."
        )
    return list(zip(inputs, known, strict=True))
