"""Problems without Python: `mm-datagen --from` defines one, and every command knows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.finished_run import TASKS, forget_small_tasks
from PIL import Image as Pillow

from t2t_multimodel import (
    Audio,
    ClassLabel,
    Feature,
    Image,
    Text,
    UserError,
    registry,
    usr_dir,
)
from t2t_multimodel.bin import mm_datagen, mm_decode, mm_problems, mm_trainer
from t2t_multimodel.data.raw_dirs import RawDirs
from t2t_multimodel.sources import definition
from t2t_multimodel.sources.feature_notation import read_feature

TINY = (
    "evaluate.examples=4,evaluate.final_examples=4,evaluate.decode_examples=2,"
    "evaluate.train_decode_examples=2,data.examples_per_batch=4,data.vocab_size=300"
)


def write_parallel(folder: Path) -> None:
    folder.mkdir()
    for split, count in (("train", 40), ("test", 4)):
        for end, word in (("en", "the cat"), ("de", "die katze")):
            lines = (f"{word} {split} {i}\n" for i in range(count))
            (folder / f"{split}.{end}").write_text("".join(lines))


def test_parallel_text_is_trained_and_translated_without_python(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forget_small_tasks()
    write_parallel(tmp_path / "texts")
    data = f"--data_dir={tmp_path}/data"
    made = mm_datagen.main(
        [
            f"--from=parallel:{tmp_path}/texts",
            *("--source=en", "--target=de", "--problem=my_ende", "--vocab_size=300"),
            data,
        ]
    )
    assert made == 0, capsys.readouterr().err
    written = json.loads((tmp_path / "data/my_ende/problem.json").read_text())
    assert written == {
        "format": 1,
        "kind": "parallel",
        "folder": f"{tmp_path}/texts",
        "source": "en",
        "target": "de",
        "inputs": "text",
        "targets": "text",
        "classes": {"inputs": [], "targets": []},
        "splits": ["train", "test"],
        "held_out": [0.0, 0.0],
    }
    assert "my_ende train: 40 examples" in capsys.readouterr().out

    forget("my_ende")  # as another process would begin
    assert mm_problems.main(["list", data]) == 0
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one.startswith("my_ende")]
    assert line.split() == ["my_ende", "text", "->", "text", "parallel", "in", f"{tmp_path}/texts"]
    run = f"--output_dir={tmp_path}/run"
    trained = mm_trainer.main(
        ["--problems=my_ende", "--hparams_set=made_tiny", f"--usr_dir={TASKS}", data, run]
        + ["--train_steps=2", f"--hparams={TINY}"]
    )
    out = capsys.readouterr()
    assert trained == 0, out.err
    assert "my_ende train: " not in out.out  # the records are used

    forget("my_ende")
    (tmp_path / "in.txt").write_text("the cat\n")
    decode = [run, "--problem=my_ende", f"--input_file={tmp_path}/in.txt"]
    assert mm_decode.main([*decode, f"--output_file={tmp_path}/out.txt"]) == 0
    assert len((tmp_path / "out.txt").read_text().splitlines()) == 1


def forget(name: str) -> None:
    registry.problems._run_time.pop(name, None)
    registry.problems._objects.pop(name, None)
    usr_dir._added.clear()


def test_a_table_whose_classes_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "all.csv").write_text(
        "said,how\n" + "".join(f"film {i},{('good', 'bad')[i % 2]}\n" for i in range(60))
    )
    arguments = [
        f"--from=table:{tmp_path}",
        *("--source=said", "--target=how", "--targets=class", "--held_out=0.2,0.2"),
        *("--problem=films", "--vocab_size=300", f"--data_dir={tmp_path}/data"),
    ]
    assert mm_datagen.main(arguments) == 0, capsys.readouterr().err
    problem = registry.problems.get("films")
    assert repr(problem.targets) == "ClassLabel(n=2, names=('bad', 'good'))"
    assert (problem.splits, problem.metrics) == (("train", "dev", "test"), ("top1",))
    assert mm_datagen.main(arguments) == 0
    assert "examples" not in capsys.readouterr().out.split("films is in")[1]


def test_folders_of_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for split in ("train", "val", "test"):
        for name, value in (("black", 0), ("white", 255)):
            (tmp_path / split / name).mkdir(parents=True)
            for i in range(4):
                pixels = np.full((6, 6), value, np.uint8)
                Pillow.fromarray(pixels).save(tmp_path / split / name / f"{i}.png")
    arguments = [
        *(f"--from=class_folders:{tmp_path}", "--inputs=image:4x4x1"),
        *("--problem=shades", f"--data_dir={tmp_path}/data"),
    ]
    assert mm_datagen.main(arguments) == 0, capsys.readouterr().err
    problem = registry.problems.get("shades")
    assert problem.targets.names == ("black", "white")
    assert (problem.inputs.height, problem.inputs.channels) == (4, 1)
    assert "shades dev: 8 examples" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--source=en"], "--source needs --from.\ne.g. --from=parallel:FOLDER\n"),
        (
            ["--from=paralel:x", "--problem=mine"],
            "No kind of source is named 'paralel'. Did you mean 'parallel'?\n",
        ),
        (["--from=table:x"], "--from defines one problem.\nGive one --problem, the name of it.\n"),
        (
            ["--from=table:x", "--problem=mine"],
            "--from=table needs --source: the column of the sources.\n",
        ),
        (
            ["--from=class_folders:x", "--problem=mine"],
            "--from=class_folders needs --inputs.\ne.g. --inputs=image:32x32 or audio:16000\n",
        ),
        (
            ["--from=table:nowhere", "--problem=mine", "--source=a", "--target=b"],
            "--from=table:",
        ),
        (
            [
                *("--from=table:.", "--problem=mine", "--source=a", "--target=b"),
                "--held_out=.5,.5",
            ],
            "--held_out=.5,.5: expected the shares of dev and test.\ne.g. --held_out=0.05,0.1\n",
        ),
        (
            [
                *("--from=table:.", "--problem=mine", "--source=a", "--target=b"),
                "--targets=imag:3x3",
            ],
            "'imag:3x3' is no kind of data. Did you mean 'image'?\n",
        ),
        (
            ["--from=parallel:.", "--problem=octet_ende", "--source=a", "--target=b"],
            "The problem 'octet_ende' exists already: ",
        ),
    ],
)
def test_mistakes_are_told(
    tmp_path: Path, flags: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mm_datagen.main([*flags, f"--data_dir={tmp_path}/data"]) == 2
    assert capsys.readouterr().err.startswith(message)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda it: it.pop("kind"), "it lacks kind"),
        (lambda it: it.update(held_out=[1]), "held_out has not two shares"),
        (lambda it: it.update(splits="train"), 'it.splits is "train"'),
    ],
)
def test_a_damaged_definition_is_named_when_it_is_asked_for(
    tmp_path: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    made = definition.Definition(kind="parallel", folder="/texts", source="en", target="de")
    path = definition.write(made, "mine", tmp_path)
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))
    usr_dir.add_definitions(tmp_path)
    assert "mine" in registry.problems
    with pytest.raises(UserError) as caught:
        registry.problems.get("mine")
    assert caught.value.message == f"{path} is damaged: {message}."


def test_a_definition_runs_no_code(tmp_path: Path) -> None:
    made = definition.Definition(
        kind="parallel", folder="/texts", source="__import__('os').abort()", target="de"
    )
    definition.write(made, "mine", tmp_path)
    usr_dir.add_definitions(tmp_path)
    assert registry.problems.get("mine").source == "__import__('os').abort()"


def test_the_folder_of_a_definition_is_used_unless_another_is_named(tmp_path: Path) -> None:
    made = definition.Definition(kind="parallel", folder="/texts", source="en", target="de")
    definition.write(made, "mine", tmp_path)
    usr_dir.add_definitions(tmp_path)
    assert RawDirs().of("mine") == Path("/texts")
    assert RawDirs(Path("/all")).of("mine") == Path("/texts")
    assert RawDirs(None, (("mine", Path("/own")),)).of("mine") == Path("/own")


def test_other_settings_make_other_records() -> None:
    one = definition.Definition(kind="parallel", folder="/texts", source="en", target="de")
    other = definition.Definition(kind="parallel", folder="/texts", source="de", target="en")
    assert one.problem_class("mine").version != other.problem_class("mine").version


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("text:64", Text(max_length=64)),
        ("image:8x9", Image(8, 9)),
        ("image:8x9x1", Image(8, 9, 1)),
        ("audio:8000", Audio(8000)),
        ("class", ClassLabel(names=("a", "b"))),
    ],
)
def test_features_as_they_are_written(text: str, feature: Feature) -> None:
    assert read_feature(text, ("a", "b")) == feature


@pytest.mark.parametrize("text", "text:0 image image:3 image:3x3x2 audio:x class:3".split())
def test_features_that_are_not_understood(text: str) -> None:
    with pytest.raises(UserError) as caught:
        read_feature(text)
    assert caught.value.message == f"'{text}' is not understood."
