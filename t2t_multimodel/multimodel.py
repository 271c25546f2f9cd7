"""MultiModel: one body, a net for each kind of data, a token for each command.

"One Model To Learn Them All" (Kaiser et al. 2017, arXiv 1706.05137). Data flows

    inputs -> modality net -> encoder -> mixer -> decoder -> modality net -> logits
                                          ^ targets so far, opened by the command token

Legend: B batch, L source positions, T target positions, D width of the body, V classes.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from t2t_multimodel import registry
from t2t_multimodel.body import PaperBody
from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.features import ProblemSignature, Signature
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.command_token import CommandToken
from t2t_multimodel.layers.ctc import Ctc, CtcScores, spelt
from t2t_multimodel.layers.loss import TokenScores
from t2t_multimodel.layers.mode import Mode, kept_words
from t2t_multimodel.layers.place import Place
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.modalities.base import Modality
from t2t_multimodel.modalities.text import length_mask
from t2t_multimodel.t2t.body_v1 import T2TV1Body
from t2t_multimodel.t2t.body_v2 import T2TV2Body

BODIES = {"paper": PaperBody, "t2t_v1": T2TV1Body, "t2t_v2": T2TV2Body}

Batch = dict[str, Any]
"""Arrays of one problem: inputs, inputs_length [B], targets, targets_length [B]."""


class Encoded(NamedTuple):
    """The source as the decoder sees it."""

    x_BLD: Any
    mask_BL: Any
    grid: tuple[Any, Any]
    """(H, W) with L = H * W."""
    routing: dict[str, Any]
    """Layer name -> `Routing` of the encoder's expert layers."""


@keras.saving.register_keras_serializable("t2t_multimodel")
class MultiModel(keras.Model):
    """The model of all problems it is given. All variables exist once it is constructed.

    Args:
        config: the network.
        problems: signatures; problems whose features have the same identity share nets.

    Raises:
        UserError: a modality is unknown or can not be used in the place it is given.
    """

    def __init__(
        self,
        config: ModelConfig,
        problems: Sequence[ProblemSignature],
        name: str = "multimodel",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.config = config
        self.problems = {problem.name: problem for problem in problems}
        self.spellings: dict[str, np.ndarray] = {}
        """Identity of a text -> its `SubwordTokenizer.spelling`; CTC needs it."""
        with _precision(config.precision):
            self._make_layers(problems)
        self.build(None)

    def _make_layers(self, problems: Sequence[ProblemSignature]) -> None:
        config = self.config
        self.body = BODIES[config.variant](config, name="body")
        self.nets: dict[str, Modality] = {}
        self.commands: dict[str, CommandToken] = {}
        self.ctc: dict[str, Ctc] = {}
        for problem in problems:
            self._add_net(problem.inputs, "inputs")
            self._add_net(problem.targets, "targets")
            if self.spells(problem) and problem.inputs.identity not in self.ctc:
                name = _variable_name("ctc_" + problem.inputs.identity)
                self.ctc[problem.inputs.identity] = Ctc(config.hidden_size, name=name)
            if problem.command not in self.commands:
                self.commands[problem.command] = CommandToken(
                    config.hidden_size,
                    routes=config.task_router,
                    name=_variable_name("command_" + problem.command),
                )

    def _add_net(self, signature: Signature, role: str) -> None:
        net = registry.modalities.get(self._net_name(signature.modality))
        net.check_role(signature, role)
        if signature.identity not in self.nets:
            name = _variable_name(signature.identity)
            self.nets[signature.identity] = net(self.config, signature, name=name)

    def spells(self, problem: ProblemSignature) -> bool:
        """Whether the problem has CTC: a second loss in training, and a voice in decoding."""
        net = registry.modalities.get(self._net_name(problem.inputs.modality))
        return bool(self.config.ctc_weight and net.spells and problem.targets.modality == "text")

    def _net_name(self, modality: str) -> str:
        """The name that the config's family of nets has for a modality."""
        if self.config.nets == "t2t":
            labels = "t2t_class_label_2d" if self.config.t2t_labels_2d else "t2t_class_label_1d"
            own = {"class_label": labels}.get(modality, f"t2t_{modality}")
            return own if own in registry.modalities else modality
        return modality

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
            logits [B, T, V] (T = 1 for class labels), aux_loss (scalar), and routing (name of
            expert layer -> `Routing`).
        """
        encoded = self.encode(batch, problem, training, seed)
        mode = self._mode(problem, training, seed)
        h_BTD, mask_BT, grid, routing = self._run(encoded, batch, problem, mode)
        logits = self._targets_net(problem).logits(h_BTD, mask_BT, grid)
        return {"logits": logits, "aux_loss": _aux_loss(routing), "routing": routing}

    def encode(
        self, batch: Batch, problem: str, training: bool = False, seed: StepSeed | None = None
    ) -> Encoded:
        """Input net and encoder. Needs `inputs` and `inputs_length` only."""
        net = self.nets[self.signature(problem).inputs.identity]
        mode = self._mode(problem, training, seed)
        entered = net.enter(batch["inputs"], batch["inputs_length"], mode)
        x_BLD, routing = self.body.encode(entered.x_BLD, entered.mask_BL, mode)
        return Encoded(x_BLD, entered.mask_BL, entered.grid, routing)

    def decode(
        self,
        encoded: Encoded,
        targets: Any,
        targets_length: Any,
        problem: str,
        training: bool = False,
        seed: StepSeed | None = None,
    ) -> Any:
        """Mixer and decoder over the targets behind the command token.

        Position t of the result has seen the command token and targets before t, so targets
        [B, T] that hold the t first tokens give the prediction of the next one at position t
        if T > t; what stands at t and later is not looked at.

        Returns:
            [B, T, D]
        """
        mode = self._mode(problem, training, seed)
        return self._decode(encoded, targets, targets_length, problem, mode)[0]

    def logits(self, h_BTD: Any, problem: str) -> Any:
        """Output of `decode` to [B, T, V]."""
        batch, length = ops.shape(h_BTD)[:2]
        mask_BT = ops.ones((batch, length), "float32")
        return self._targets_net(problem).logits(h_BTD, mask_BT, (length, 1))

    def step(
        self, ids_R: Any, t: Any, cache: Any, memory: Any, problem: str, beams: int = 1
    ) -> tuple[Any, Any]:
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
        net, command = self._targets_net(problem), self.commands[self.signature(problem).command]
        ones = ops.ones((ops.shape(ids_R)[0], 1), "float32")
        x_RD = net.embed_targets(ids_R[:, None], ones)[:, 0]
        x_RD = ops.where(t == 0, ops.cast(command.token, x_RD.dtype), x_RD)
        place = Place(t, beams, self._mode(problem, False, None))
        h_RD, cache = self.body.step(x_RD, cache, memory, place)
        return self.logits(h_RD[:, None], problem)[:, 0], cache

    def score(
        self,
        batch: Batch,
        problem: str,
        training: bool = False,
        seed: StepSeed | None = None,
        label_smoothing: float = 0.0,
    ) -> tuple[TokenScores, Any, dict[str, Any]]:
        """Scores of each target, [B, T]; their weights, 1 at real targets; the routing."""
        encoded = self.encode(batch, problem, training, seed)
        mode = self._mode(problem, training, seed)
        return self._score(encoded, batch, problem, mode, label_smoothing)

    def _score(
        self, encoded: Encoded, batch: Batch, problem: str, mode: Mode, label_smoothing: float
    ) -> tuple[TokenScores, Any, dict[str, Any]]:
        h_BTD, mask_BT, grid, routing = self._run(encoded, batch, problem, mode)
        labels_BT = batch["targets"]
        if len(labels_BT.shape) == 1:  # class labels
            labels_BT = labels_BT[:, None]
        scores = self._targets_net(problem).score(h_BTD, mask_BT, grid, labels_BT, label_smoothing)
        weights_BT = length_mask(batch["targets_length"], ops.shape(labels_BT)[1])
        return scores, weights_BT, routing

    def problem_loss(
        self,
        batch: Batch,
        problem: str,
        training: bool = False,
        seed: StepSeed | None = None,
        label_smoothing: float = 0.0,
    ) -> tuple[Any, dict[str, Any]]:
        """Training loss of one batch: mean cross entropy over targets, plus the routers' loss.

        With `ctc_weight`, in training, a problem from audio to text adds its CTC loss.

        Returns:
            loss, and metrics: xent (unsmoothed, nats a target), accuracy (of targets), tokens
            (targets counted), aux_loss; for each layer of experts share_<layer> [E],
            entropy_<layer> and max_violation_<layer>, see `Routing`; ctc and ctc_fits, see
            `CtcScores`.
        """
        encoded = self.encode(batch, problem, training, seed)
        mode = self._mode(problem, training, seed)
        scores, weights_BT, routing = self._score(encoded, batch, problem, mode, label_smoothing)
        tokens = ops.sum(weights_BT)
        denominator = ops.maximum(tokens, 1.0)
        aux_loss = _aux_loss(routing)
        metrics = {
            "xent": ops.sum(scores.nats * weights_BT) / denominator,
            "accuracy": ops.sum(scores.correct * weights_BT) / denominator,
            "tokens": tokens,
            "aux_loss": aux_loss,
        }
        for layer, one in routing.items():
            metrics[f"share_{layer}"] = one.share_E
            metrics[f"entropy_{layer}"] = one.entropy
            metrics[f"max_violation_{layer}"] = one.max_violation
        loss = ops.sum(scores.loss * weights_BT) / denominator + aux_loss
        if training and self.spells(self.signature(problem)):
            ctc = self._ctc(encoded, batch, problem)
            metrics |= {"ctc": ctc.nats, "ctc_fits": ctc.fits}
            loss += self.config.ctc_weight * ctc.nats
        return loss, metrics

    def _ctc(self, encoded: Encoded, batch: Batch, problem: str) -> CtcScores:
        """How well the encoder's output spells the targets."""
        mask_BT = length_mask(batch["targets_length"], ops.shape(batch["targets"])[1])
        bytes_BU = spelt(batch["targets"], mask_BT, self.spelling(problem))
        net = self.ctc[self.signature(problem).inputs.identity]
        return net(encoded.x_BLD, encoded.mask_BL, bytes_BU, bands=encoded.grid[1])

    def heard(self, encoded: Encoded, problem: str) -> tuple[Any, Any]:
        """What CTC hears: log-probabilities of bytes [B, F, 256], and real times of each row."""
        net = self.ctc[self.signature(problem).inputs.identity]
        return net.log_probabilities(encoded.x_BLD, encoded.mask_BL, bands=encoded.grid[1])

    def spelling(self, problem: str) -> np.ndarray:
        """The bytes of each piece of the problem's targets, see `SubwordTokenizer.spelling`.

        Raises:
            UserError: nobody told the model.
        """
        identity = self.signature(problem).targets.identity
        if identity not in self.spellings:
            raise UserError(
                f"ctc_weight needs to know how '{identity}' is spelt.",
                fix="model.spellings[identity] = tokenizer.spelling(), or model.ctc_weight=0",
            )
        return self.spellings[identity]

    def signature(self, problem: str) -> ProblemSignature:
        """Of the named problem. Raises UserError for one the model was not built for."""
        if problem not in self.problems:
            raise unknown("problem of this model", problem, list(self.problems))
        return self.problems[problem]

    def _run(
        self, encoded: Encoded, batch: Batch, problem: str, mode: Mode
    ) -> tuple[Any, Any, tuple[Any, Any], dict[str, Any]]:
        """What the target net reads: features, their mask, their grid; and the routing."""
        if self._targets_net(problem).reads_encoder:
            return encoded.x_BLD, encoded.mask_BL, encoded.grid, encoded.routing
        targets, lengths = batch["targets"], batch["targets_length"]
        h_BTD, mask_BT, routing = self._decode(encoded, targets, lengths, problem, mode)
        return h_BTD, mask_BT, (ops.shape(h_BTD)[1], 1), {**encoded.routing, **routing}

    def _decode(
        self, encoded: Encoded, targets: Any, targets_length: Any, problem: str, mode: Mode
    ) -> tuple[Any, Any, dict[str, Any]]:
        net = self._targets_net(problem)
        length = 1 if len(targets.shape) == 1 else ops.shape(targets)[1]
        mask_BT = length_mask(targets_length, length)
        seen_BT = mask_BT * kept_words(ops.shape(mask_BT), self.config.word_dropout, mode)
        targets_BTD = net.embed_targets(targets, seen_BT)
        shifted_BTD = self.commands[self.signature(problem).command](targets_BTD)
        h_BTD, routing = self.body.decode(
            shifted_BTD, mask_BT, encoded.x_BLD, encoded.mask_BL, mode
        )
        return h_BTD, mask_BT, routing

    def _mode(self, problem: str, training: bool, seed: StepSeed | None) -> Mode:
        return Mode(training, seed, self.commands[self.signature(problem).command].task)

    def _targets_net(self, problem: str) -> Modality:
        return self.nets[self.signature(problem).targets.identity]

    def get_config(self) -> dict[str, Any]:
        """JSON-able: the config and the signatures."""
        return {
            "config": self.config.to_dict(),
            "problems": [problem.to_dict() for problem in self.problems.values()],
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> MultiModel:
        """Inverse of `get_config`."""
        problems = [ProblemSignature.from_dict(values) for values in config["problems"]]
        return cls(ModelConfig.from_dict(config["config"]), problems, name=config["name"])


def _aux_loss(routing: dict[str, Any]) -> Any:
    return sum((layer.loss for layer in routing.values()), start=ops.zeros(()))


@contextlib.contextmanager
def _precision(policy: str) -> Iterator[None]:
    """Layers made inside compute in `policy`; "float32" leaves Keras's own setting."""
    before = keras.config.dtype_policy()
    if policy != "float32":
        keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _variable_name(identity: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "_", identity)
