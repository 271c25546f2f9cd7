import numpy as np
from golden import Golden, norm

from t2t_multimodel.layers.norm import LayerNorm


def golden_layer(golden):
    layer = LayerNorm(16)
    layer.build()
    golden.put(norm(layer, "layer_norm"))
    return layer


def test_is_tensor2tensors_layer_norm():
    golden = Golden("01_layer_norm_v1")
    golden.check(golden_layer(golden)(golden["in/x"]), "out/y")


def test_depends_on_its_weights():
    golden = Golden("01_layer_norm_v1")
    layer = golden_layer(golden)
    layer.scale.assign(layer.scale * 1.001)
    assert not golden.is_close(layer(golden["in/x"]), "out/y")


def test_a_constant_row_gives_the_bias_exactly():
    layer = LayerNorm(4)
    layer.build()
    layer.bias.assign([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(layer(np.full((1, 4), 1e4, "float32")), [[1, 2, 3, 4]])
