"""What every modality net offers. A net of your own: subclass, then @register_modality("name")."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import Variable, ops

from t2t_multimodel.config.model import ModelConfig
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import Signature
from t2t_multimodel.layers.base import Block
from t2t_multimodel.layers.loss import Scores, cross_entropy, squared_error
from t2t_multimodel.layers.mode import EVAL, Mode
from t2t_multimodel.types import Size, Tensor


class Embedded(NamedTuple):
    """A batch of one modality in the body's channels."""

    x_BLD: Tensor
    """Features, 0 at padding."""
    mask_BL: Tensor
    """float32, 1 at real positions."""
    grid: tuple[Size, Size]
    """(H, W) with L = H * W: how the positions lie; (L, 1) for sequences."""


class Modality(Block):
    """One modality net, shared by all problems whose features have its identity.

    Args:
        config: of the model.
        signature: of one feature with this identity.
    """

    reads_encoder = False
    """True if the output is read off the encoder: mixer and decoder do not run."""

    spells = False
    """True if targets follow the order of these inputs, as words do that of speech: CTC can align
    them."""

    is_spelt = False
    """True if targets are tokens of a vocabulary that can spell them: CTC needs their letters."""

    def __init__(self, config: ModelConfig, signature: Signature, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config, self.signature = config, signature

    @classmethod
    def check_role(cls, signature: Signature, role: str) -> None:
        """Raises UserError if the net has no way in (role "inputs") or out ("targets").

        Nor can targets be predicted whose signature has no `output`.
        """
        needed = {"inputs": ["embed"], "targets": ["logits"]}[role]
        if role == "targets" and signature.is_sequence and not cls.reads_encoder:
            needed.append("embed_targets")
        for method in needed:
            if getattr(cls, method) is getattr(Modality, method):
                raise UserError(
                    f"Features of modality '{signature.modality}' can not be {role}.",
                    f"Its net, {cls.__name__}, has no method `{method}`.",
                )
        if role == "targets" and signature.output is None:
            raise UserError(
                f"Features of modality '{signature.modality}' can not be targets: "
                f"{signature.dtype} {list(signature.shape)} is no tokens, class or values.",
            )

    def by_class(self) -> list[Variable]:
        """Variables whose last axis has an entry for each class of a class label.

        A warm start moves these entries where classes have the same names in another order.
        """
        return []

    def embed(self, values: Tensor, lengths_B: Tensor, mode: Mode = EVAL) -> Embedded:
        """Input values of a batch to the body's channels."""
        raise NotImplementedError

    def embed_targets(self, targets: Tensor, mask_BT: Tensor) -> Tensor:
        """Target values to [B, T, D], before they are shifted; 0 at padding.

        By default, for targets of a single position, zeros [B, 1, D]: the decoder sees the
        command token alone.
        """
        assert not self.signature.is_sequence, "check_role sees to it"
        return ops.zeros((ops.shape(targets)[0], 1, self.config.hidden_size), self.compute_dtype)

    def logits(self, h_BTD: Tensor, mask_BT: Tensor, grid: tuple[Size, Size]) -> Tensor:
        """Output of the body to [B, T, V]; for values to [B, 1, ...], see `predicted`."""
        raise NotImplementedError

    def predicted(self, logits: Tensor) -> Tensor:
        """`logits` of values as the values themselves, [B, 1, ...]; the same, by default."""
        return logits

    def score(
        self,
        h_BTD: Tensor,
        mask_BT: Tensor,
        grid: tuple[Size, Size],
        labels_BT: Tensor,
        label_smoothing: float = 0.0,
    ) -> Scores:
        """The loss of `labels_BT` under `logits`; the mask of the labels is not applied.

        By default the cross entropy of tokens and classes, the squared error of values. A net
        with another loss of values returns its own `ValueScores`.
        """
        logits = self.logits(h_BTD, mask_BT, grid)
        if self.signature.output == "values":
            return squared_error(self.predicted(logits), labels_BT)
        return cross_entropy(logits, labels_BT, label_smoothing)
