"""ModalityTest: what must hold of every modality net, under pytest."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np
from keras import ops

from t2t_multimodel.config import ModelConfig
from t2t_multimodel.features import Signature
from t2t_multimodel.modalities.base import Embedded, Modality
from t2t_multimodel.testing.batches import random_values
from t2t_multimodel.testing.gradients import gradients

_ROWS = 3
_POSITIONS = 8
"""Positions of the encoder's output, for nets that read it."""
_RELATIVE, _ABSOLUTE = 1e-4, 1e-5


class ModalityTest:
    """Subclass it in a test file, and name the net and a feature that it serves:

        class TestVectorNet(ModalityTest):
            net = VectorNet
            signature = Vector(3).signature("my_sums", None)

    A net without a way in, or without a way out, passes the tests of the way that it lacks.
    """

    net: ClassVar[type[Modality]]
    signature: ClassVar[Signature]
    config: ClassVar[ModelConfig] = ModelConfig(hidden_size=16)
    """Sizes of the model; the default is narrow."""
    without_gradient: ClassVar[tuple[str, ...]] = ()
    """Endings of the paths of weights that need not have a gradient."""

    def built(self) -> Modality:
        """The net with its weights."""
        net = self.net(self.config, self.signature, name="net")
        net.build()
        return net

    def values(self) -> tuple[np.ndarray, np.ndarray]:
        """Random values of three examples, and their lengths, int32 [3]."""
        return random_values(self.signature, _ROWS, np.random.default_rng(0))

    def embedded(self, net: Modality, values: np.ndarray, lengths_B: np.ndarray) -> Embedded:
        """The values in the body's channels."""
        return net.embed(values, lengths_B)

    def test_values_reach_the_bodys_channels(self) -> None:
        """`embed` gives [B, L, D], a mask [B, L], and a grid of L positions."""
        if not self._has("embed"):
            return
        x_BLD, mask_BL, (high, wide) = self.embedded(self.built(), *self.values())
        rows, length, width = x_BLD.shape
        assert (rows, width) == (_ROWS, self.config.hidden_size)
        assert tuple(mask_BL.shape) == (rows, length)
        assert np.asarray(high * wide) == length, f"{high} x {wide} is not {length} positions"
        assert np.isfinite(np.asarray(x_BLD)).all()
        assert set(np.unique(np.asarray(mask_BL))) <= {0.0, 1.0}
        assert np.asarray(mask_BL)[:, 0].all(), "the first position of an example is padding"

    def test_padding_is_zero_and_has_no_influence(self) -> None:
        """`embed` gives 0 at padding, and other values there change nothing."""
        if not self._has("embed"):
            return
        net, (values, lengths_B) = self.built(), self.values()
        x_BLD, mask_BL, _ = self.embedded(net, values, lengths_B)
        x, mask = np.asarray(x_BLD), np.asarray(mask_BL)
        np.testing.assert_array_equal(x[mask == 0], 0)
        if not self.signature.is_sequence:
            return
        changed = np.array(values)
        behind = np.arange(values.shape[1]) >= lengths_B[:, None]
        changed[behind] = 1
        again = np.asarray(self.embedded(net, changed, lengths_B).x_BLD)
        np.testing.assert_allclose(
            x, again, rtol=_RELATIVE, atol=_ABSOLUTE, err_msg="padding changes the outputs"
        )

    def test_the_loss_of_targets_is_finite(self) -> None:
        """`score` gives a finite loss for each position of the targets."""
        if not self._has("logits"):
            return
        loss_BT = np.asarray(self._loss(self.built()))
        assert np.isfinite(loss_BT).all()
        assert loss_BT.shape[0] == _ROWS

    def test_every_weight_has_a_gradient(self) -> None:
        """What goes in and what comes out depend on each weight."""
        net = self.built()
        ways = {"embed": self._way_in, "logits": self._way_out}
        found = [
            gradients(net, partial(way, net)) for method, way in ways.items() if self._has(method)
        ]
        assert any(found), f"{self.net.__name__} has neither a way in nor a way out"
        for path in (weight.path for weight in net.trainable_variables):
            given = [gradient for of in found if (gradient := of.get(path)) is not None]
            for gradient in given:
                assert np.isfinite(gradient).all(), f"the gradient of {path} is not finite"
            if not path.endswith(self.without_gradient or ("\0",)):
                assert any(np.any(one) for one in given), f"nothing depends on {path}"

    def _has(self, method: str) -> bool:
        return getattr(self.net, method) is not getattr(Modality, method)

    def _way_in(self, net: Modality) -> Any:
        x_BLD = self.embedded(net, *self.values()).x_BLD
        return ops.sum(x_BLD * np.random.default_rng(1).normal(size=x_BLD.shape))

    def _way_out(self, net: Modality) -> Any:
        loss = ops.sum(self._loss(net))
        if self.signature.is_sequence and not self.net.reads_encoder:
            values, lengths_B = self.values()
            mask_BT = _mask(values.shape[1], lengths_B)
            embedded_BTD = net.embed_targets(values, mask_BT)
            loss += ops.sum(embedded_BTD * np.random.default_rng(2).normal(size=embedded_BTD.shape))
        return loss

    def _loss(self, net: Modality) -> Any:
        """The loss [B, T] of random targets under a random output of the body."""
        values, lengths_B = self.values()
        labels_BT = values if self.signature.is_sequence else values[:, None]
        length = _POSITIONS if net.reads_encoder else labels_BT.shape[1]
        draws = np.random.default_rng(3)
        body_BLD = draws.normal(size=(_ROWS, length, self.config.hidden_size)).astype("float32")
        own = self.signature.is_sequence and not net.reads_encoder
        mask_BL = _mask(length, lengths_B if own else np.full(_ROWS, length))
        return net.score(body_BLD, mask_BL, (length, 1), labels_BT).loss


def _mask(length: int, lengths_B: np.ndarray) -> np.ndarray:
    return (np.arange(length) < lengths_B[:, None]).astype(np.float32)
