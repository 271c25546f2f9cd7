"""LayerTest: what must hold of every layer, under pytest."""

from __future__ import annotations

import io
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from t2t_multimodel import backend
from t2t_multimodel.layers.base import Block
from t2t_multimodel.testing.gradients import gradients

_RELATIVE, _ABSOLUTE = 1e-4, 1e-5


class LayerTest:
    """Subclass it in a test file, and say how the layer is made and called:

        class TestMyLayer(LayerTest):
            mask = "mask_BL"

            def make(self):
                return MyLayer(8, name="mine")

            def inputs(self):
                x = np.random.default_rng(0).normal(size=(2, 5, 8)).astype("float32")
                return {"x_BLC": x, "mask_BL": padding_mask(2, 5)}

    The tests build the layer, call it, differentiate it, compile it by XLA, move its weights to
    another one, and see that padding has no influence.
    """

    mask: ClassVar[str] = ""
    """The input that is 1 at real positions and 0 at padding, [B, L]; "": there is none."""
    masked: ClassVar[tuple[str, ...]] = ()
    """The inputs [B, L, ...] that it speaks of; by default the first one."""
    without_gradient: ClassVar[tuple[str, ...]] = ()
    """Endings of the paths of weights that need not have a gradient."""

    def make(self) -> keras.layers.Layer:
        """A new layer, each time with other initial weights and the same names."""
        raise NotImplementedError(f"{type(self).__name__} must define make(self)")

    def inputs(self) -> dict[str, Any]:
        """The arguments of its call by name."""
        raise NotImplementedError(f"{type(self).__name__} must define inputs(self)")

    def called(self, layer: keras.layers.Layer, inputs: dict[str, Any]) -> Any:
        """What the layer makes of inputs; override it for layers that are called otherwise."""
        return layer(**inputs)

    def built(self) -> keras.layers.Layer:
        """A layer with its weights."""
        layer = self.make()
        if isinstance(layer, Block):
            layer.build()
        else:
            self.called(layer, self.inputs())
        return layer

    def outputs(self, layer: keras.layers.Layer, inputs: dict[str, Any]) -> list[np.ndarray]:
        """Every array that the layer gives, as NumPy has it."""
        return [np.asarray(one) for one in keras.tree.flatten(self.called(layer, inputs))]

    def test_all_weights_are_made_by_build(self) -> None:
        """A call adds no weight, and no two weights have one name."""
        layer = self.built()
        before = [weight.path for weight in layer.weights]
        self.called(layer, self.inputs())
        after = [weight.path for weight in layer.weights]
        assert before == after, f"a call adds {sorted(set(after) - set(before))}"
        assert len(set(after)) == len(after), f"two weights have one name: {sorted(after)}"

    def test_outputs_are_finite_and_repeat(self) -> None:
        """Two calls give the same finite numbers."""
        layer, inputs = self.built(), self.inputs()
        first, second = self.outputs(layer, inputs), self.outputs(layer, inputs)
        for one, other in zip(first, second, strict=True):
            assert np.isfinite(one.astype(np.float64)).all(), "an output is not finite"
            np.testing.assert_array_equal(one, other, "a second call gives something else")

    def test_every_weight_has_a_gradient(self) -> None:
        """The outputs depend on each trainable weight, and no gradient is infinite."""
        layer, inputs = self.built(), self.inputs()
        draws = np.random.default_rng(0)

        def loss() -> Any:
            outputs = keras.tree.flatten(self.called(layer, inputs))
            real = [one for one in outputs if "float" in str(one.dtype)]
            weights = [draws.normal(size=tuple(one.shape)).astype("float32") for one in real]
            terms = zip(real, weights, strict=True)
            return sum(ops.sum(ops.cast(one, "float32") * weight) for one, weight in terms)

        for path, gradient in gradients(layer, loss).items():
            if not path.endswith(self.without_gradient or ("\0",)):
                assert gradient is not None, f"nothing depends on {path}"
                assert np.isfinite(gradient).all(), f"the gradient of {path} is not finite"
                assert np.any(gradient), f"the gradient of {path} is 0"

    def test_weights_move_to_another_layer(self) -> None:
        """A second layer with the weights of the first gives the same outputs."""
        layer, other, inputs = self.built(), self.built(), self.inputs()
        file = io.BytesIO()
        arrays: dict[str, Any] = {_key(one.path): np.asarray(one.value) for one in layer.weights}
        np.savez(file, **arrays)
        file.seek(0)
        with np.load(file) as saved:
            for weight in other.weights:
                assert _key(weight.path) in saved, f"the first layer has no {weight.path}"
                weight.assign(saved[_key(weight.path)])
        self._same(self.outputs(layer, inputs), self.outputs(other, inputs), "moved weights")

    def test_its_config_makes_it_again(self) -> None:
        """`from_config` makes the layer that `get_config` tells of, where a class defines it."""
        layer, inputs = self.built(), self.inputs()
        if type(layer).get_config is keras.layers.Layer.get_config or isinstance(layer, Block):
            return
        other = type(layer).from_config(layer.get_config())
        self.called(other, inputs)
        other.set_weights(layer.get_weights())
        self._same(self.outputs(layer, inputs), self.outputs(other, inputs), "from_config")

    def test_a_compiled_function_gives_the_same(self) -> None:
        """XLA computes what the layer computes when it is called."""
        layer, inputs = self.built(), self.inputs()
        names = [name for name, value in inputs.items() if isinstance(value, np.ndarray)]
        fixed = {name: value for name, value in inputs.items() if name not in names}

        def run(*arrays: Any) -> Any:
            return keras.tree.flatten(
                self.called(layer, {**fixed, **dict(zip(names, arrays, strict=True))})
            )

        compiled = backend.compiled(layer, run, jit=True)
        found = [np.asarray(one) for one in compiled(*(inputs[name] for name in names))]
        self._same(self.outputs(layer, inputs), found, "a compiled function")

    def test_padding_has_no_influence(self) -> None:
        """Other values at padding change no output at a real position, if `mask` is named."""
        if not self.mask:
            return
        layer, inputs = self.built(), self.inputs()
        real_BL = np.asarray(inputs[self.mask]) > 0
        assert not real_BL.all(), f"{self.mask} has no padding to look at"
        changed = dict(inputs)
        for name in self.masked or (next(iter(inputs)),):
            value = np.array(inputs[name])
            value[~real_BL] = value[~real_BL] + np.asarray(3, value.dtype)
            changed[name] = value
        pairs = zip(self.outputs(layer, inputs), self.outputs(layer, changed), strict=True)
        for one, other in pairs:
            if one.shape[:2] == real_BL.shape:
                one, other = one[real_BL], other[real_BL]
            self._same([one], [other], "other values at padding")

    def _same(self, one: list[np.ndarray], other: list[np.ndarray], what: str) -> None:
        for first, second in zip(one, other, strict=True):
            np.testing.assert_allclose(
                first.astype(np.float64), second.astype(np.float64), rtol=_RELATIVE, atol=_ABSOLUTE,
                err_msg=f"{what}: the outputs differ",
            )  # fmt: skip


def padding_mask(rows: int, length: int) -> np.ndarray:
    """float32 [rows, length]: 1 at real positions; the first row is full, each other is shorter."""
    lengths = np.maximum(1, length - 2 * np.arange(rows))
    return (np.arange(length) < lengths[:, None]).astype(np.float32)


def _key(path: str) -> str:
    """The path of a weight without the name of the layer itself, which Keras may number."""
    return path.partition("/")[2] or path
