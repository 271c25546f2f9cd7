"""MultiModel: one body, a net for each kind of data, a token for each command.

"One Model To Learn Them All" (Kaiser et al. 2017, arXiv 1706.05137). Data flows

    inputs -> modality net -> encoder -> mixer -> decoder -> modality net -> logits
                                          ^ targets so far, opened by the command token

The network alone is written here. What it is trained for stands in `losses.py`.

Legend: B batch, L source positions, T target positions, D width of the body, V classes,
R rows of a step: sources times the sequences that are written for each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

import keras
import numpy as np
from keras import ops

from t2t_multimodel import nets
from t2t_multimodel.body import PaperBody
from t2t_multimodel.config.base import Section
from t2t_multimodel.config.body import PaperBodyConfig, T2TV1BodyConfig, T2TV2BodyConfig
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.features import ProblemSignature, Signature
from t2t_multimodel.layers.base import Block, computes_in
from t2t_multimodel.layers.base_body import Body, Routings, aux_loss
from t2t_multimodel.layers.command_token import CommandToken
from t2t_multimodel.layers.ctc import Ctc
from t2t_multimodel.layers.decode_state import EncodedSource, LayerStates
from t2t_multimodel.layers.mode import Mode, kept_words
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.modalities.base import Modality
from t2t_multimodel.modalities.text import length_mask
from t2t_multimodel.t2t.body_v1 import T2TV1Body
from t2t_multimodel.t2t.body_v2 import T2TV2Body
from t2t_multimodel.types import Size, Tensor

BODIES: dict[type[Section], type[Body]] = {
    PaperBodyConfig: PaperBody,
    T2TV1BodyConfig: T2TV1Body,
    T2TV2BodyConfig: T2TV2Body,
}

Batch = Mapping[str, Tensor]
"""Arrays of one problem: inputs, inputs_length [B], targets, targets_length [B]."""


class Encoded(NamedTuple):
    """Positions in the body's channels: the source's, or those that the targets' net reads."""

    x_BLD: Tensor
    mask_BL: Tensor
    grid: tuple[Size, Size]
    """(H, W) with L = H * W."""
    routing: Routings
    """The routing of the expert layers that were run so far."""


@keras.saving.register_keras_serializable("t2t_multimodel")
class MultiModel(keras.Model):
    """The model of all problems it is given. All variables exist once it is constructed.

    Args:
        config: the network.
        problems: signatures; problems whose features have the same identity share nets.
        spellings: identity of a text -> its `SubwordTokenizer.spelling`. CTC needs those of the
            targets that it spells, in training and decoding; the others are not kept.

    Raises:
        UserError: a modality is unknown or can not be used in the place it is given.
    """

    def __init__(
        self,
        config: ModelConfig,
        problems: Sequence[ProblemSignature],
        spellings: Mapping[str, np.ndarray] | None = None,
        name: str = "multimodel",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.config = config
        self.problems = {problem.name: problem for problem in problems}
        with computes_in(config.precision):
            self.body = BODIES[type(config.body)](config, name="body")
            self.nets: dict[str, Modality] = {}
            self.commands: dict[str, CommandToken] = {}
            self.ctc: dict[str, Ctc] = {}
            for problem in problems:
                self._add_layers(problem)
        spelt = {one.targets.identity for one in problems if nets.spells(config, one)}
        self.spellings = {k: v for k, v in (spellings or {}).items() if k in spelt}
        self.build(None)

    def _add_layers(self, problem: ProblemSignature) -> None:
        """Makes the layers that no problem before had."""
        self._add_net(problem.inputs, "inputs")
        self._add_net(problem.targets, "targets")
        width, source = self.config.hidden_size, problem.inputs.identity
        if nets.spells(self.config, problem) and source not in self.ctc:
            self.ctc[source] = Ctc(width, name=nets.variable_name("ctc_" + source))
        if problem.command not in self.commands:
            name = nets.variable_name("command_" + problem.command)
            routes = self.config.routes_tasks
            self.commands[problem.command] = CommandToken(width, routes=routes, name=name)

    def _add_net(self, signature: Signature, role: str) -> None:
        net = nets.net_class(self.config, signature.modality)
        net.check_role(signature, role)
        if signature.identity not in self.nets:
            name = nets.variable_name(signature.identity)
            self.nets[signature.identity] = net(self.config, signature, name=name)

    def build(self, input_shape: Any = None) -> None:
        """Makes all variables."""
        for layer in self.parts:
            layer.build(None)

    @property
    def parts(self) -> list[Block]:
        """The layers: the body, then nets, command tokens and CTC layers."""
        return [self.body, *self.nets.values(), *self.commands.values(), *self.ctc.values()]

    def call(
        self, batch: Batch, problem: str, training: bool = False, seed: StepSeed | None = None
    ) -> dict[str, Any]:
        """Teacher-forced predictions.

        Returns:
            logits [B, T, V] (T = 1 for classes; [B, 1, ...] for values), aux_loss (scalar), and
            routing (name of expert layer -> `Routing`).
        """
        encoded = self.encode(batch, problem, training, seed)
        read = self.read(encoded, batch, problem, training, seed)
        logits = self.targets_net(problem).logits(read.x_BLD, read.mask_BL, read.grid)
        return {"logits": logits, "aux_loss": aux_loss(read.routing), "routing": read.routing}

    def encode(
        self, batch: Batch, problem: str, training: bool = False, seed: StepSeed | None = None
    ) -> Encoded:
        """Runs the net of the inputs and the encoder. Needs `inputs` and `inputs_length` only."""
        mode = self._mode(problem, training, seed)
        net = self.nets[self.signature(problem).inputs.identity]
        x_BLD, mask_BL, grid = net.embed(batch["inputs"], batch["inputs_length"], mode)
        x_BLD, routing = self.body.encode(x_BLD, mask_BL, mode)
        return Encoded(x_BLD, mask_BL, grid, routing)

    def read(
        self,
        encoded: Encoded,
        batch: Batch,
        problem: str,
        training: bool = False,
        seed: StepSeed | None = None,
    ) -> Encoded:
        """Returns what the net of the targets reads: the decoder's output, or the encoder's."""
        if self.targets_net(problem).reads_encoder:
            return encoded
        targets, lengths_B = batch["targets"], batch["targets_length"]
        mode = self._mode(problem, training, seed)
        return self._decode(encoded, targets, lengths_B, problem, mode)

    def decode(
        self,
        encoded: Encoded,
        targets: Tensor,
        targets_length: Tensor,
        problem: str,
        training: bool = False,
        seed: StepSeed | None = None,
    ) -> Tensor:
        """Runs mixer and decoder over the targets behind the command token.

        Position t of the result has seen the command token and targets before t, so targets
        [B, T] that hold the t first tokens give the prediction of the next one at position t
        if T > t; what stands at t and later is not looked at.

        Returns:
            [B, T, D]
        """
        mode = self._mode(problem, training, seed)
        return self._decode(encoded, targets, targets_length, problem, mode).x_BLD

    def _decode(
        self, encoded: Encoded, targets: Tensor, lengths_B: Tensor, problem: str, mode: Mode
    ) -> Encoded:
        length = ops.shape(targets)[1] if self.signature(problem).targets.is_sequence else 1
        mask_BT = length_mask(lengths_B, length)
        hidden = nets.word_dropout(self.config, self.signature(problem))
        seen_BT = mask_BT * kept_words(ops.shape(mask_BT), hidden, mode)
        targets_BTD = self.targets_net(problem).embed_targets(targets, seen_BT)
        shifted_BTD = self._command(problem)(targets_BTD)
        source = EncodedSource(encoded.x_BLD, encoded.mask_BL)
        h_BTD, routing = self.body.decode(shifted_BTD, mask_BT, source, mode)
        grid = (ops.shape(h_BTD)[1], 1)
        return Encoded(h_BTD, mask_BT, grid, {**encoded.routing, **routing})

    def logits(self, h_BTD: Tensor, problem: str) -> Tensor:
        """The output of `decode` to [B, T, V]."""
        batch, length = ops.shape(h_BTD)[:2]
        mask_BT = ops.ones((batch, length), "float32")
        return self.targets_net(problem).logits(h_BTD, mask_BT, (length, 1))

    def step(
        self,
        ids_R: Tensor,
        t: Tensor,
        cache: LayerStates,
        memory: LayerStates,
        problem: str,
        beams: int = 1,
    ) -> tuple[Tensor, LayerStates]:
        """One position of `decode` and `logits`, at a cost that does not grow with the position.

        Args:
            ids_R: int32, the tokens before this position; not looked at if it is the first.
            t: int32 scalar, the position.
            cache: `body.cache(R, longest)` at position 0, later what this returned before.
            memory: `body.memory(encoded.x_BLD, encoded.mask_BL)`.
            beams: rows for each source, which are neighbours.

        Returns:
            logits [R, V] and the next cache.
        """
        ones = ops.ones((ops.shape(ids_R)[0], 1), "float32")
        x_RD = self.targets_net(problem).embed_targets(ids_R[:, None], ones)[:, 0]
        x_RD = ops.where(t == 0, ops.cast(self._command(problem).token, x_RD.dtype), x_RD)
        mode = self._mode(problem, training=False, seed=None)
        h_RD, cache = self.body.step(x_RD, cache, memory, t, mode, beams)
        return self.logits(h_RD[:, None], problem)[:, 0], cache

    def signature(self, problem: str) -> ProblemSignature:
        """The signature of a problem. Raises UserError for one the model was not built for."""
        if problem not in self.problems:
            raise unknown("problem of this model", problem, list(self.problems))
        return self.problems[problem]

    def targets_net(self, problem: str) -> Modality:
        """The net that embeds the targets of a problem and predicts them."""
        return self.nets[self.signature(problem).targets.identity]

    def _command(self, problem: str) -> CommandToken:
        return self.commands[self.signature(problem).command]

    def _mode(self, problem: str, training: bool, seed: StepSeed | None) -> Mode:
        return Mode(training, seed, self._command(problem).task)

    def fit(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises `UserError`: a run holds several problems, with a loss and batches for each."""
        raise UserError(
            "MultiModel.fit trains nothing: each step holds batches of several problems.",
            "Call t2t_multimodel.train(problems=[...], output_dir=...).",
        )

    def predict(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises `UserError`: outputs are decoded, with the vocabularies of a checkpoint."""
        raise UserError(
            "MultiModel.predict decodes nothing: it has no vocabularies.",
            "Call t2t_multimodel.load(RUN).predict(problem, inputs).",
        )

    def evaluate(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises `UserError`: scores need the records of a problem."""
        raise UserError(
            "MultiModel.evaluate scores nothing: it has no records.",
            "Call t2t_multimodel.load(RUN).evaluate(problem, split=...).",
        )

    def get_config(self) -> dict[str, Any]:
        """JSON-able: the config, the signatures and the spellings."""
        return {
            "config": self.config.to_dict(),
            "problems": [problem.to_dict() for problem in self.problems.values()],
            "spellings": {k: nets.spelling_to_json(v) for k, v in self.spellings.items()},
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> MultiModel:
        """Inverse of `get_config`. Models of earlier versions have no spellings."""
        problems = [ProblemSignature.from_dict(values) for values in config["problems"]]
        spellings = {k: nets.spelling_from_json(v) for k, v in config.get("spellings", {}).items()}
        network = ModelConfig.from_dict(config["config"])
        return cls(network, problems, spellings, name=config["name"])
