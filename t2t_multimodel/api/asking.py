"""What a model is asked about one problem: compiled functions that are made once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from t2t_multimodel import backend
from t2t_multimodel.api.inputs import value_of
from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.data.collate import Batch, collate
from t2t_multimodel.decode.decoder import Decoder, source_spec
from t2t_multimodel.decode.grammar import guides
from t2t_multimodel.decode.grouping import Grouping
from t2t_multimodel.decode.inputs import InputEncoder, Item
from t2t_multimodel.decode.outputs import Answer
from t2t_multimodel.decode.runner import DecodeRequest, Runner
from t2t_multimodel.decode.scoring import Scorer
from t2t_multimodel.decode.way import check_fits, way_of
from t2t_multimodel.errors import BadValue, UserError, foreign
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.problem import Problem
from t2t_multimodel.registry import problems

Answers = Callable[[Sequence[Item]], list[Answer]]


class Asking:
    """Answers about one problem of a model.

    Args:
        checkpoint: of the model; it has the vocabularies.
        model: the network.
        name: of the problem.
    """

    def __init__(self, checkpoint: Checkpoint, model: MultiModel, name: str) -> None:
        self._config, self._tokenizers = checkpoint.config(), checkpoint.tokenizers()
        self._model = model
        self.problem: Problem = problems.get(name)()
        self.encoder = InputEncoder(self.problem, self._tokenizers)
        self._tokenizer = self.problem.tokenizer("targets", self._tokenizers)
        self._runners: dict[str, Runner] = {}
        self._scorer: Scorer | None = None
        self._encode: Callable[[Any], Any] | None = None

    def answers(self, options: Mapping[str, Any], batch_size: int) -> Answers:
        """The function that decodes; it is kept for the next call with the same options.

        Raises:
            UserError: the options imply two ways, or do not fit the problem.
        """
        name = self.problem.name
        output = self._model.signature(name).targets.output
        check_fits(options, output, name, mark="")
        way = way_of(options)
        if batch_size < 1:
            raise UserError(f"batch_size must be 1 or more, but is {batch_size}.")
        key = json.dumps([way.to_dict(), batch_size])
        if key not in self._runners:
            decoder = Decoder(self._model, name, way, guides(self.problem, self._tokenizers))
            request = DecodeRequest(problem=name, config=way, batch_size=batch_size, raw=False)
            runner = Runner(self.problem, self._tokenizers, decoder, self._config, request)
            self._runners[key] = runner
        return self._runners[key].answers

    def value(self, output: np.ndarray) -> Any:
        """An output of the model as Python has it."""
        return self.problem.targets.decode(output, self._tokenizer)

    def encoder_features(self, items: Sequence[Item], batch_size: int) -> list[np.ndarray]:
        """The output of the encoder for each item, float32 [positions, width]."""
        name = self.problem.name
        if self._encode is None:

            def run(batch: Batch) -> tuple[Any, Any]:
                encoded = self._model.encode(batch, name)
                return encoded.x_BLD, encoded.mask_BL

            spec = source_spec(self._model.signature(name).inputs)
            self._encode = backend.compiled(self._model, run, spec)
        arrays = [item.array for item in items]
        found: list[np.ndarray] = [np.zeros((0, 0), np.float32)] * len(items)
        grouping = Grouping(self.problem, self._config.data, batch_size)
        for chosen in grouping.batches(arrays):
            batch = grouping.collated([arrays[i] for i in chosen])
            x_BLD, mask_BL = map(np.asarray, self._encode(batch))
            for i, x_LD, mask_L in zip(chosen, x_BLD, mask_BL, strict=True):
                found[i] = x_LD[mask_L > 0].astype(np.float32)
        return found

    def encoded_targets(self, targets: Sequence[Any]) -> list[np.ndarray]:
        """Targets as they are stored.

        Raises:
            UserError: one is none of the problem's, or longer than these may be.
        """
        feature, name, stored = self.problem.targets, self.problem.name, []
        longest = self._model.signature(name).targets.max_length
        for number, given in enumerate(targets, start=1):
            try:
                with foreign(BadValue):
                    array = feature.encode(value_of(given, feature), self._tokenizer)
            except BadValue as error:
                raise UserError(f"Target {number:,} of {name}: {error}.") from error
            if feature.length(array) > longest:
                raise UserError(
                    f"Target {number:,} of {name}: its {feature.length(array):,} "
                    f"{feature.unit or 'values'} are more than {longest:,}."
                )
            stored.append(array.reshape(feature.stored_shape()))
        return stored

    def log_probabilities(
        self, items: Sequence[Item], targets: Sequence[np.ndarray], batch_size: int
    ) -> list[float]:
        """The log-probability of each target, given its item."""
        if self._scorer is None:
            self._scorer = Scorer(self._model, self.problem.name)
        found = [0.0] * len(items)
        grouping = Grouping(self.problem, self._config.data, batch_size)
        arrays, feature = [item.array for item in items], {"targets": self.problem.targets}
        for chosen in grouping.batches(arrays):
            batch = grouping.collated([arrays[i] for i in chosen])
            batch |= collate([{"targets": targets[i]} for i in chosen], feature)
            for i, score in zip(chosen, self._scorer(batch), strict=True):
                found[i] = float(score)
        return found
