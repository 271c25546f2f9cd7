import itertools

import numpy as np
import pytest
from golden import Golden, conv, norm

from t2t_multimodel.layers.convolution import ConvBlock, ConvStep
from t2t_multimodel.layers.mode import Mode
from t2t_multimodel.layers.random import StepSeed


def golden_step(golden, *, kernel, dilation, causal):
    step = ConvStep(8, 8, kernel, dilation=dilation, causal=causal)
    step.build()
    golden.put([*conv(step.conv, f"k{kernel}/"), *norm(step.norm, f"k{kernel}/norm")])
    return step


@pytest.mark.parametrize(
    "padding, kernel, dilation", list(itertools.product(("SAME", "LEFT"), (3, 15), (1, 4, 8)))
)
def test_step_is_tensor2tensors(padding, kernel, dilation):
    golden = Golden("03_conv_step_v1")
    step = golden_step(golden, kernel=kernel, dilation=dilation, causal=padding == "LEFT")
    x, mask = golden["in/x"][:, :, 0], golden["in/mask"][:, :, 0, 0]
    key = f"{padding}_k{kernel}_d{dilation}"
    golden.check(step(x, mask_BL=mask), f"out/{key}")
    golden.check(step.conv(np.maximum(x, 0) * mask[..., None]), f"out_before_norm/{key}")
    if f"out/{key}_nomask" in golden.keys():
        golden.check(step(x), f"out/{key}_nomask")


@pytest.mark.parametrize("change", ["depthwise", "pointwise", "scale", "bias"])
def test_step_depends_on_each_weight(change):
    golden = Golden("03_conv_step_v1")
    step = golden_step(golden, kernel=3, dilation=1, causal=False)
    layer = step.norm if change in ("scale", "bias") else step.conv
    weight = getattr(layer, change)
    changed = np.asarray(weight.value).copy()
    changed.flat[0] += 1e-3
    weight.assign(changed)
    output = step(golden["in/x"][:, :, 0], mask_BL=golden["in/mask"][:, :, 0, 0])
    assert not golden.is_close(output, "out/SAME_k3_d1")


def test_step_depends_on_its_dilation():
    golden = Golden("03_conv_step_v1")
    step = golden_step(golden, kernel=15, dilation=4, causal=False)
    output = step(golden["in/x"][:, :, 0], mask_BL=golden["in/mask"][:, :, 0, 0])
    assert golden.is_close(output, "out/SAME_k15_d4")
    assert not golden.is_close(output, "out/SAME_k15_d8")


def golden_block(golden, *, causal, dilations=(1, 1, 1, 8), **kwargs):
    block = ConvBlock(16, (3, 3, 15, 15), dilations, causal=causal, **kwargs)
    block.build()
    for i, step in enumerate((block.step1, block.step2, block.step3, block.step4), start=1):
        golden.put([*conv(step.conv, f"step{i}/"), *norm(step.norm, f"step{i}/norm")])
    return block


@pytest.mark.parametrize("form", ["SAME_mask", "LEFT", "LEFT_mask"])
def test_block_is_the_papers(form):
    golden = Golden("04b_paper_conv_block")
    block = golden_block(golden, causal=form.startswith("LEFT"))
    x = golden["in/x"][:, :, 0]
    mask = golden["in/mask"][:, :, 0, 0] if form.endswith("mask") else None
    hidden1 = block.step1(x, mask_BL=mask)
    hidden2 = x + block.step2(hidden1, mask_BL=mask)
    golden.check(hidden1, f"out/{form}/hidden1")
    golden.check(hidden2, f"out/{form}/hidden2")
    golden.check(block.step3(hidden2, mask_BL=mask), f"out/{form}/hidden3")
    golden.check(block(x, mask_BL=mask), f"out/{form}/hidden4")


def test_block_depends_on_the_last_dilation():
    golden = Golden("04b_paper_conv_block")
    block = golden_block(golden, causal=True, dilations=(1, 1, 1, 4))
    assert not golden.is_close(block(golden["in/x"][:, :, 0]), "out/LEFT/hidden4")


def test_causal_block_sees_130_positions_back_and_none_ahead():
    block = ConvBlock(8, (3, 3, 15, 15), (1, 1, 1, 8), causal=True)
    block.build()
    x = np.random.default_rng(0).normal(size=(1, 200, 8)).astype("float32")
    moved = x.copy()
    moved[0, 30] += 1.0
    changed = np.abs(np.asarray(block(moved)) - np.asarray(block(x))).max(axis=(0, 2)) > 0
    assert np.flatnonzero(changed)[[0, -1]].tolist() == [30, 30 + 2 + 2 + 14 + 112]


def test_dropout_falls_on_the_block_or_on_its_branch_alone():
    golden = Golden("04b_paper_conv_block")
    x = golden["in/x"][:, :, 0]
    mode = {"mode": Mode(True, StepSeed(1))}
    whole = np.asarray(golden_block(golden, causal=True, dropout_rate=0.4)(x, **mode))
    assert 0.3 < np.mean(whole == 0) < 0.5
    block = golden_block(golden, causal=True, dropout_rate=0.4, dropout_place="branch")
    branch = np.asarray(block(x, **mode))
    assert np.mean(branch == 0) == 0 and 0.3 < np.mean(branch == x) < 0.5
    golden.check(block(x), "out/LEFT/hidden4")
