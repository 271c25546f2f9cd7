import numpy as np
import pytest
from golden import Golden

from t2t_multimodel.layers.attention import MultiHeadAttention, causal, real

FORMS = ["encdec_padding_bias", "encdec_no_bias", "self_causal_bias", "self_padding_bias"]


def attended(golden, form, layer):
    """`layer` on the inputs of one of FORMS."""
    query, memory = golden["in/query"], golden["in/memory"]
    memory = memory if form.startswith("encdec") else query
    visible = {
        "encdec_padding_bias": real(1 - golden["in/memory_padding"]),
        "encdec_no_bias": None,
        "self_causal_bias": causal(query.shape[1]),
        "self_padding_bias": real(1 - golden["in/query_padding"]),
    }[form]
    return layer.look(query, layer.keys(memory), visible)


def v1_layer(golden, form):
    """V1 fuses maps: query, key and value of self-attention, key and value of the other."""
    layer = MultiHeadAttention(32, 8, maps="qkvo", use_bias=True)
    layer.build()
    if form.startswith("self"):
        names = {"qkv": "self/qkv_transform", "o": "self/output_transform"}
    else:
        names = {
            "q": "encdec/q_transform",
            "kv": "encdec/kv_transform",
            "o": "encdec/output_transform",
        }
    for letters, name in names.items():
        for weight in ("kernel", "bias"):
            parts = np.split(golden[f"w/{name}/{weight}"], len(letters), axis=-1)
            for letter, part in zip(letters, parts, strict=True):
                getattr(layer.maps[letter], weight).assign(part)
    return layer


@pytest.mark.parametrize("form", FORMS)
def test_is_v1_attention(form):
    golden = Golden("05_multihead_attention_v1")
    golden.check(attended(golden, form, v1_layer(golden, form)), f"out/{form}")


@pytest.mark.parametrize("form", FORMS)
def test_is_the_releases_attention(form):
    golden = Golden("05_multihead_attention_t2t190")
    layer = MultiHeadAttention(32, 8, maps="qkvo")
    layer.build()
    golden.put((layer.maps[letter].kernel, f"{letter}/kernel") for letter in "qkvo")
    golden.check(attended(golden, form, layer), f"out/{form}")


def test_depends_on_the_mask_and_on_the_heads():
    golden = Golden("05_multihead_attention_t2t190")
    for heads in (8, 4):
        layer = MultiHeadAttention(32, heads, maps="qkvo")
        layer.build()
        golden.put((layer.maps[letter].kernel, f"{letter}/kernel") for letter in "qkvo")
        output = attended(golden, "encdec_padding_bias", layer)
        assert golden.is_close(output, "out/encdec_padding_bias") == (heads == 8)
        assert not golden.is_close(output, "out/encdec_no_bias")


def test_without_maps_heads_are_slices_of_the_input():
    rng = np.random.default_rng(0)
    q, m = rng.normal(size=(1, 3, 4)), rng.normal(size=(1, 5, 4))
    expected = []
    for head in (slice(0, 2), slice(2, 4)):
        logits = q[0, :, head] @ m[0, :, head].T / np.sqrt(2)
        weights = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        expected.append(weights @ m[0, :, head])
    layer = MultiHeadAttention(4, 2)
    output = layer.look(q.astype("float32"), layer.keys(m.astype("float32")))
    np.testing.assert_allclose(output[0], np.concatenate(expected, axis=-1), atol=1e-6)
