"""CTC: alignments summed, what does not fit left out, spelling of sub-words."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from keras import ops

from t2t_multimodel.layers import fast
from t2t_multimodel.layers.ctc import CLASSES, Ctc, spelt


def collapsed(path: tuple[int, ...]) -> tuple[int, ...]:
    """Repeats once, then no blanks."""
    return tuple(c for c, _ in itertools.groupby(path) if c)


def nats_by_enumeration(logits_LV: np.ndarray, labels: tuple[int, ...]) -> float:
    """-log of the sum of all paths that collapse to the labels."""
    log_p = logits_LV - np.log(np.exp(logits_LV).sum(axis=1, keepdims=True))
    paths = itertools.product(range(logits_LV.shape[1]), repeat=len(logits_LV))
    total = sum(
        np.exp(sum(log_p[t, c] for t, c in enumerate(path)))
        for path in paths
        if collapsed(path) == labels
    )
    return float(-np.log(total))


@pytest.mark.parametrize("labels", [(1,), (1, 2), (2, 2), (2, 1, 2)])
def test_all_alignments_are_summed(labels: tuple[int, ...]) -> None:
    draws = np.random.default_rng(0)
    logits_BLV = draws.normal(size=(2, 6, 3)).astype("float32")
    rows = np.zeros((2, 4), "int32")
    rows[0, : len(labels)] = labels
    rows[1, 0] = 1
    counts = np.array([len(labels), 1], "int32")
    lengths = np.array([5, 6], "int32")
    nats = ops.convert_to_numpy(fast.ctc_nats(ops.array(logits_BLV), lengths, rows, counts))
    np.testing.assert_allclose(nats[0], nats_by_enumeration(logits_BLV[0, :5], labels), rtol=1e-5)
    np.testing.assert_allclose(nats[1], nats_by_enumeration(logits_BLV[1], (1,)), rtol=1e-5)


def test_the_form_for_xla_computes_the_same() -> None:
    draws = np.random.default_rng(1)
    logits_BLV = draws.normal(size=(3, 8, 5)).astype("float32")
    labels_BU = np.array([[1, 2, 2, 0], [4, 0, 0, 0], [3, 1, 3, 1]], "int32")
    counts_B, lengths_B = np.array([3, 1, 4], "int32"), np.array([8, 3, 7], "int32")
    first = fast.ctc_nats(ops.array(logits_BLV), lengths_B, labels_BU, counts_B)
    with fast.for_xla():
        second = fast.ctc_nats(ops.array(logits_BLV), lengths_B, labels_BU, counts_B)
    np.testing.assert_allclose(ops.convert_to_numpy(first), ops.convert_to_numpy(second), rtol=1e-4)


def made_layer() -> tuple[Ctc, np.ndarray]:
    layer = Ctc(6)
    layer.build(None)
    draws = np.random.default_rng(2)
    layer.classes.kernel.assign(draws.normal(size=(6, CLASSES)))
    return layer, draws.normal(size=(3, 5, 6)).astype("float32")


def test_rows_that_do_not_fit_teach_nothing() -> None:
    layer, x_BLD = made_layer()
    mask_BL = np.ones((3, 5), "float32")
    # five bytes fit into five positions, but equal neighbours need a blank between them
    bytes_BU = np.array([[65, 66, 67, 0, 0], [65, 65, 66, 67, 0], [65, 65, 66, 66, 0]], "int32")
    alone = layer(x_BLD[:2], mask_BL[:2], bytes_BU[:2])
    all_three = layer(x_BLD, mask_BL, bytes_BU)
    assert float(alone.fits) == 1.0
    assert float(all_three.fits) == pytest.approx(2 / 3)
    assert float(all_three.nats) == pytest.approx(float(alone.nats), rel=1e-5)


def test_nothing_to_spell_costs_nothing() -> None:
    layer, x_BLD = made_layer()
    scores = layer(x_BLD, np.ones((3, 5), "float32"), np.zeros((3, 4), "int32"))
    assert float(scores.nats) == 0.0
    assert float(scores.fits) == 0.0


def test_bands_of_one_time_are_averaged() -> None:
    layer, x_BLD = made_layer()
    bytes_BU = np.array([[65, 66], [67, 0], [68, 69]], "int32")
    two_bands = np.repeat(x_BLD, 2, axis=1) + np.tile([[1.0], [-1.0]], (5, 1)).astype("float32")
    one = layer(x_BLD, np.ones((3, 5), "float32"), bytes_BU)
    two = layer(two_bands, np.ones((3, 10), "float32"), bytes_BU, bands=2)
    assert float(two.nats) == pytest.approx(float(one.nats), rel=1e-5)


def test_padding_of_the_source_does_not_count() -> None:
    layer, x_BLD = made_layer()
    bytes_BU = np.array([[65, 66], [67, 0], [68, 69]], "int32")
    mask_BL = np.ones((3, 5), "float32")
    longer_BLD = np.concatenate([x_BLD, 9 * np.ones((3, 2, 6), "float32")], axis=1)
    longer_mask_BL = np.concatenate([mask_BL, np.zeros((3, 2), "float32")], axis=1)
    short = layer(x_BLD, mask_BL, bytes_BU)
    long = layer(longer_BLD, longer_mask_BL, bytes_BU)
    assert float(short.nats) == pytest.approx(float(long.nats), rel=1e-5)


def test_tokens_are_spelt_in_order_without_gaps() -> None:
    spelling_VS = np.array([[0, 0, 0], [0, 0, 0], [104, 105, 0], [33, 0, 0], [32, 97, 98]], "uint8")
    ids_BT = np.array([[2, 3, 4, 1], [3, 1, 0, 0]], "int32")
    mask_BT = np.array([[1, 1, 1, 1], [1, 1, 0, 0]], "float32")
    bytes_BU = ops.convert_to_numpy(spelt(ids_BT, mask_BT, spelling_VS)).astype("uint8")
    assert bytes_BU.shape == (2, 12)
    assert bytes(bytes_BU[0]).rstrip(b"\0") == b"hi! ab"
    assert bytes(bytes_BU[1]).rstrip(b"\0") == b"!"
