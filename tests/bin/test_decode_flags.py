"""What mm-decode makes of its flags, without any model."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.named_checkpoint import named_checkpoint

from t2t_multimodel.bin import mm_decode
from t2t_multimodel.config.decode import DecodeConfig


def settings(*argv: str) -> DecodeConfig:
    values, _ = mm_decode.COMMAND._parse(list(argv))
    return mm_decode.settings(values)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ((), DecodeConfig()),
        (("--max_length=9", "--jit"), DecodeConfig(max_length=9, jit=True)),
        (("--ctc_weight=0.3",), DecodeConfig(ctc_weight=0.3)),
        (("--beam_size=6",), DecodeConfig(method="beam", beam_size=6)),
        (("--alpha=0",), DecodeConfig(method="beam", alpha=0)),
        (("--nbest=3",), DecodeConfig(method="beam", nbest=3)),
        (("--nbest=9",), DecodeConfig(method="beam", nbest=9, beam_size=9)),
        (("--nbest=2", "--beam_size=3"), DecodeConfig(method="beam", nbest=2, beam_size=3)),
        (("--seed=0",), DecodeConfig(method="sample")),
        (
            ("--temperature=.5", "--top_k=5", "--top_p=.9", "--seed=3"),
            DecodeConfig(method="sample", temperature=0.5, top_k=5, top_p=0.9, seed=3),
        ),
        (("--temperature=2", "--nbest=4"), DecodeConfig(method="sample", temperature=2, nbest=4)),
    ],
)
def test_flags_imply_the_way_of_decoding(argv: tuple[str, ...], expected: DecodeConfig) -> None:
    assert settings(*argv) == expected


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint as far as names go."""
    return named_checkpoint(tmp_path, "mine", "other:2")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["--beam_size=2", "--top_k=3"],
            "--beam_size is of beam search, --top_k of sampling.\nGive one of the two.",
        ),
        (
            ["--beam_size=2", "--nbest=3"],
            "DecodeConfig.nbest must be at most beam_size (2), but is 3.",
        ),
        (["--temperature=0"], "DecodeConfig.temperature must be above 0, but is 0.0."),
        (["--split=test", "--input_file=-"], "Give either --input_file or --split."),
        (["--raw_dir=."], "--raw_dir is for the raw files of a split: give --split too."),
        (["--input_file=no/where"], "no/where does not exist."),
        (
            ["--problem=othr"],
            "No problem of this checkpoint is named 'othr'. Did you mean 'other'?\n"
            "Known: mine, other.",
        ),
        (
            ["--input_file=/"],
            "/ is a folder.\nFor its files: ls -d //* | mm-decode ...",
        ),
        ([], "The model knows several problems.\nGive --problem: mine, other."),
    ],
)
def test_what_can_not_be_is_told_at_once(
    argv: list[str], message: str, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mm_decode.main([f"--checkpoint={checkpoint}", *argv]) == 2
    assert capsys.readouterr() == ("", message + "\n")


@pytest.mark.parametrize("flag", ["beam_size=2", "alpha=0", "top_k=3", "seed=1", "max_length=4"])
def test_classes_are_not_written_as_sequences_are(
    flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named_checkpoint(tmp_path, "octet_image")
    assert mm_decode.main([f"--checkpoint={tmp_path}", f"--{flag}"]) == 2
    said = f"--{flag.split('=')[0]} is for sequences, but the outputs of octet_image are classes."
    assert capsys.readouterr().err == f"{said}\n--nbest=N gives the N most probable ones.\n"
