"""Settings that a run would not read are refused where a user gives them."""

from __future__ import annotations

import pytest

from t2t_multimodel import UserError, rates, registry
from t2t_multimodel.config.effect import Sides, without_effect
from t2t_multimodel.overrides import Overrides, resolve


@pytest.mark.parametrize(
    ("problems", "hparams", "reason"),
    [
        (["octet_ende"], "model.nets.image_blocks=1", "no problem has images for inputs"),
        (["octet_ende"], "model.nets.audio_channels=8+8", "no problem has sound for inputs"),
        (["octet_ende"], "model.nets.class_path=decoder", "no problem has class labels"),
        (["octet_image"], "model.word_dropout=0.1", "no problem writes a sequence"),
        (["octet_image"], "evaluate.beam_size=4", "no problem writes a sequence"),
        (["octet_ende"], "model.nets=t2t", "no problem has other data than text"),
        (
            ["octet_ende"],
            "model.ctc_weight=1",
            "no problem that is trained goes from sound to text",
        ),
        (
            ["octet_ende", "octet_speech:0"],
            "model.ctc_weight=1",
            "no problem that is trained goes from sound to text",
        ),
        (["octet_image"], "model.tie_softmax=true", "no problem has text"),
        (["octet_ende"], "data.frames_per_batch=9", "no problem has sound"),
        (["octet_ende"], "data.sound_warp=0.1", "no problem has sound for inputs"),
        (["octet_ende"], "data.image_distort=0.1", "no problem has images for inputs"),
        (["octet_ende"], "data.pixels_per_batch=9", "no problem has images"),
        (["octet_ende"], "data.budgets=octet_ende:frames:9", "octet_ende has no frames"),
        (["octet_ende"], "train.problems_per_step=2", "one problem alone is trained"),
        (["octet_ende"], "mixture=unimax", "one problem alone is trained"),
        (
            [],
            "evaluate.steps=0,evaluate.examples=9",
            "evaluate.steps=0 scores nothing during training",
        ),
        ([], "evaluate.patience_for=problems", "evaluate.patience=0 ends no run"),
        (
            [],
            "evaluate.decode_examples=0,evaluate.beam_size=4",
            "nothing is decoded: evaluate.decode_examples=0",
        ),
        (
            ["octet_ende"],
            "model.sound_word_dropout=0.2",
            "no problem that is trained goes from sound to text",
        ),
        (
            ["octet_speech"],
            "model.sound_word_dropout=0.2,model.word_dropout=0.1",
            "model.sound_word_dropout holds for all that write a sequence",
        ),
    ],
)
def test_what_a_run_does_not_read_is_refused(
    problems: list[str], hparams: str, reason: str
) -> None:
    path = hparams.split(",")[-1].partition("=")[0]
    with pytest.raises(UserError) as caught:
        resolve("octet_quick", Overrides(problems=problems, hparams=hparams))
    assert str(caught.value) == (
        f"{path} has no effect in this run: {reason}.\nLeave it out (--hparams)."
    )


@pytest.mark.parametrize(
    ("problems", "hparams", "reason"),
    [
        (
            ["octet_ende:2"],
            "",
            "one problem alone comes as often at any rate",
        ),
        (
            ["octet_ende:2", "octet_deen"],
            "mixture=uniform",
            "mixture=uniform does not read their rates",
        ),
    ],
)
def test_rates_that_nothing_reads_are_refused(
    problems: list[str], hparams: str, reason: str
) -> None:
    with pytest.raises(UserError) as caught:
        resolve("octet_quick", Overrides(problems=problems, hparams=hparams))
    assert str(caught.value) == (
        f"problems: the rates have no effect in this run: {reason}.\n"
        "Leave the rate out (--problems)."
    )


def test_what_a_set_holds_for_problems_that_are_left_out_is_no_mistake() -> None:
    config = resolve("octet_quick", Overrides(problems=["octet_ende"])).config
    assert (config.model.ctc_weight, config.data.frames_per_batch) == (2.0, 4096)
    assert (
        resolve("octet_quick", Overrides(hparams="mixture=uniform")).config.rates["octet_caption"]
        == 2.0
    )


def test_what_a_run_reads_is_taken() -> None:
    hparams = "model.ctc_weight=1,model.nets.audio_channels=8+8,data.budgets=octet_speech:frames:99"
    config = resolve("octet_quick", Overrides(problems=["octet_speech"], hparams=hparams)).config
    assert config.model.ctc_weight == 1.0


def test_a_run_that_predicts_values_alone_hides_searches_and_smooths_nothing() -> None:
    config = registry.hparams.get("octet_quick")().replace(problems=rates("heights"))
    found = without_effect(config, {"heights": Sides("pixels", None, "values")})
    names = ("model.word_dropout", "evaluate.beam_size", "train.label_smoothing")
    assert {name: found[name] for name in names} == {
        "model.word_dropout": "no problem writes a sequence",
        "evaluate.beam_size": "no problem writes a sequence",
        "train.label_smoothing": "no problem has text or class labels for targets",
    }
