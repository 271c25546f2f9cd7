import pytest
from golden import Golden, multi_conv_res, simple_attention

from t2t_multimodel.layers.attention import MultiHeadAttention, real
from t2t_multimodel.layers.decode_state import EncodedSource
from t2t_multimodel.t2t.slicenet import MultiConvRes, SimpleAttention

SCHEMES = {
    "released": {"kernels": (3, 7, 15, 31), "dilations": (1, 1, 1, 1), "separability": -2},
    "fallback": {"kernels": (3, 3, 15, 15), "dilations": (1, 1, 1, 4), "separability": 0},
    "dilated_1248": {"kernels": (3, 3, 3, 3), "dilations": (1, 2, 4, 8), "separability": 0},
}


def run_blocks(golden, variant, **changes):
    form = {**next(SCHEMES[name] for name in SCHEMES if variant.startswith(name)), **changes}
    attends = variant.endswith("source")
    x = golden["in/x"][:, :, 0]
    inputs = {"mask_BL": golden["in/mask"][:, :, 0, 0]}
    if attends:
        source, mask = golden["in/source"][:, :, 0], golden["in/source_mask"][:, :, 0, 0]
        inputs = {"source": EncodedSource(source, mask)}
    for i in range(2):
        block = MultiConvRes(36, causal="LEFT" in variant, attends=attends, **form)
        block.build()
        golden.put(multi_conv_res(block, f"{variant}/layer_{i}/"))
        x = block(x, **inputs)
    return x


@pytest.mark.parametrize(
    "variant",
    [
        "released_SAME_mask",
        "released_LEFT",
        "released_LEFT_source",
        "fallback_sep0_SAME_mask",
        "fallback_sep0_LEFT",
        "dilated_1248_sep0_SAME_mask",
    ],
)
def test_blocks_are_v1s(variant):
    golden = Golden("04_multi_conv_res_v1")
    assert variant in golden.meta["variants"]
    golden.check(run_blocks(golden, variant), f"out/{variant}")


def test_blocks_depend_on_their_dilations():
    golden = Golden("04_multi_conv_res_v1")
    changed = run_blocks(golden, "dilated_1248_sep0_SAME_mask", dilations=(1, 2, 4, 4))
    assert not golden.is_close(changed, "out/dilated_1248_sep0_SAME_mask")


def test_attention_layer_is_v1s():
    golden = Golden("05b_simple_attention_v1")
    target, source = golden["in/target"][:, :, 0], golden["in/source"][:, :, 0]
    mask = golden["in/source_mask"][:, :, 0, 0]
    bare = MultiHeadAttention(36, 1)
    keys = bare.keys(source)
    golden.check(bare.look(target, keys), "out/simple_attention_no_bias")
    golden.check(bare.look(target, keys, real(mask)), "out/simple_attention")
    layer = SimpleAttention(36, separability=-2)
    layer.build()
    golden.put(simple_attention(layer, ""))
    golden.check(layer(target, source=EncodedSource(source, mask)), "out/attention_layer")
