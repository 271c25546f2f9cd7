"""The text of errors."""

from __future__ import annotations

from t2t_multimodel.errors import UserError, did_you_mean, nearest, unknown

OCTET = ["octet_deen", "octet_digits", "octet_ende", "octet_image"]


def test_a_user_error_is_its_message_and_below_it_the_fix() -> None:
    assert str(UserError("The disk is full.", "Delete a run.")) == (
        "The disk is full.\nDelete a run."
    )
    assert str(UserError("The disk is full.")) == "The disk is full."


def test_nearest_puts_the_best_first_and_leaves_out_what_is_clearly_worse() -> None:
    assert nearest("octet_ened", OCTET) == ["octet_ende"]
    assert nearest("octet_eden", OCTET) == ["octet_deen", "octet_ende"]
    assert nearest("OCTET_IMAGE", OCTET) == ["octet_image"]


def test_nearest_knows_a_part_of_a_name() -> None:
    assert nearest("ende", OCTET) == ["octet_ende"]


def test_nearest_offers_nothing_rather_than_a_guess() -> None:
    assert nearest("speech", OCTET) == []
    assert nearest("anything", []) == []


def test_nearest_offers_at_most_n() -> None:
    names = [f"digits_{i}" for i in range(9)]
    assert nearest("digits_x", names) == ["digits_0", "digits_1", "digits_2"]
    assert nearest("digits_x", names, n=1) == ["digits_0"]


def test_suggestions_read_as_a_sentence() -> None:
    assert did_you_mean("b1", ["b2"], mark="") == ""
    assert did_you_mean("bird", ["birds"]) == " Did you mean 'birds'?"
    assert did_you_mean("bird", ["birds", "birdy"], mark="") == " Did you mean birds or birdy?"
    assert did_you_mean("bird", ["bird1", "bird2", "bird3"], mark="") == (
        " Did you mean bird1, bird2 or bird3?"
    )


def test_an_unknown_name_is_answered_with_the_nearest_and_the_next_command() -> None:
    assert str(unknown("problem", "octet_ened", OCTET, "mm-datagen --list")) == (
        "No problem is named 'octet_ened'. Did you mean 'octet_ende'?\n"
        "mm-datagen --list shows all 4."
    )


def test_without_a_command_the_known_names_are_listed() -> None:
    assert str(unknown("metric", "f2", ["wer", "f1"])) == (
        "No metric is named 'f2'.\nKnown: f1, wer."
    )
    assert str(unknown("metric", "f2", [])) == "No metric is named 'f2'.\nKnown: none."
