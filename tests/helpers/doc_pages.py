"""What each page of documentation needs so that its blocks run, top to bottom, in one folder.

The blocks are run as they stand, but for this: made tasks take the place of the octet's, a trained
run of them is `runs/octet_quick`, and trainings are cut to two steps. Where a page is about
settings alone, `mm-trainer` makes its plan, which builds the model of the very flags, and stops.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from helpers.doc_blocks import blocks_of
from PIL import Image

STANDS_FOR = {
    "octet_ende": "made_numbers",
    "octet_image": "made_colours",
    "octet_caption": "made_captions",
    "octet_speech": "made_tones",
    "octet_deen": "made_deen",
    "octet_enfr": "made_enfr",
    "octet_fren": "made_fren",
    "octet_parse": "made_parse",
}
"""Problems of the pages, and those of the tests that take their place."""
SETS = {"octet_quick": "made_tiny", "octet_tiny": "made_tiny"}
"""The same for sets of settings."""
SHORT = "train.log_steps=1,evaluate.steps=0,evaluate.final_examples=4,evaluate.decode_examples=2"
"""Settings that every training of a page gets, behind its own."""

ALWAYS = "^"
"""Pattern of `Stage.plans` that is found in all words."""

Space = dict[str, Any]
Prepare = Callable[[Path], None]
Check = Callable[[Path, Space], None]


def nothing(folder: Path) -> None:
    """A page that needs no files."""


def no_check(folder: Path, space: Space) -> None:
    """A page whose blocks say by themselves whether they work."""


@dataclass(frozen=True)
class Stage:
    """How the blocks of one page are run."""

    prepare: Prepare = nothing
    """Writes the files that the page takes for granted into the folder."""
    replaced: Mapping[str, str] = field(default_factory=dict)
    """Other texts of the blocks that are replaced."""
    plans: str = ""
    """Where this pattern is found in the words of `mm-trainer`, it tells its plan and stops."""
    as_is: bool = False
    """Names and commands are left as they stand."""
    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Flags that a command gets besides."""
    check: Check = no_check
    """Looks at the folder and the names of the Python blocks in the end."""

    def changed(self, text: str) -> str:
        """A block with the names of the tests."""
        if self.as_is:
            return text
        for name, here in self.replaced.items():
            text = text.replace(name, here)
        text = text.replace("--output_dir=octet ", "--output_dir=runs/octet_quick ")
        for name, here in STANDS_FOR.items():
            text = re.sub(rf"\b{name}\b", here, text)
        for name, here in SETS.items():
            text = re.sub(rf"(?<!runs/)(?<!=)\b{name}\b(?!\.)", here, text)
            text = text.replace(f"hparams_set={name}", f"hparams_set={here}")
        return text

    def words(self, name: str, given: list[str]) -> list[str]:
        """The words of one of our commands, made light."""
        if self.as_is:
            return given
        more = list(self.flags.get(name, ()))
        if name in ("mm-trainer", "mm-add-task") and "--list_hparams=fields" not in given:
            more += self._light(name, given)
            given = [word for word in given if not word.startswith(("--hparams=", "--train_ste"))]
        if name == "mm-paper" and given[:1] == ["run"]:
            more += ["--scale=smoke", "--seeds=1"]
            given = [word for word in given if not word.startswith("--seeds")]
        return [*given, *more]

    def _light(self, name: str, given: list[str]) -> list[str]:
        values = dict(word.partition("=")[::2] for word in given)
        own = values.get("--hparams", "")
        plan = name == "mm-trainer" and self.plans and re.search(self.plans, " ".join(given))
        hparams = ",".join(filter(None, (own, "" if plan else SHORT)))
        more = [f"--hparams={hparams}"] if hparams else []
        folder = Path(values.get("--output_dir", "nowhere"))
        if plan:
            return [*more, "--plan", *self._set(values)]
        if name == "mm-trainer" and folder.is_dir():
            return [*more, "--train_steps=3"]
        return [*more, "--train_steps=2", *(self._set(values) if name == "mm-trainer" else [])]

    def _set(self, values: Mapping[str, str]) -> list[str]:
        return [] if "--hparams_set" in values else ["--hparams_set=made_tiny"]


def _tiny(*names: str) -> Prepare:
    """Writes the made examples of problems into FOLDER."""

    def prepare(folder: Path) -> None:
        from t2t_multimodel.registry import problems

        (folder / "FOLDER").mkdir()
        for name in names:
            problems.get(name)().tiny(folder / "FOLDER")

    return prepare


def _pictures(folder: Path) -> None:
    for name in ("shoe.png", "shirt.png"):
        Image.fromarray(np.full((20, 20, 3), 90, np.uint8)).save(folder / name)
    (folder / "text.en").write_text("1 2\n3\n")


def _two_runs(folder: Path) -> None:
    _pictures(folder)
    for name in ("a", "b"):
        (folder / "runs" / name).symlink_to("octet_quick")


def _usual_files(folder: Path) -> None:
    """Parallel text, a table and folders of classes, all in FOLDER, and the file of the page."""
    raw = folder / "FOLDER"
    raw.mkdir()
    for split in ("train", "dev", "test"):
        for end, word in (("en", "a dog"), ("de", "ein hund")):
            lines = (f"{word} {split} {i}\n" for i in range(12))
            (raw / f"{split}.{end}").write_text("".join(lines))
        rows = (f"a film {i}\t{('bad', 'good')[i % 2]}\n" for i in range(12))
        (raw / f"{split}.tsv").write_text("text\tlabel\n" + "".join(rows))
    rng = np.random.default_rng(0)
    for kind in ("cat", "dog"):
        (folder / "PETS/train" / kind).mkdir(parents=True)
        for i in range(30):
            pixels = rng.integers(0, 255, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"PETS/train/{kind}/{i}.png")


def _moods(folder: Path, space: Space) -> None:
    """Writes the files of the page's problem and encodes them."""
    import t2t_multimodel as mm

    (folder / "moods").mkdir()
    for split in ("train", "dev", "test"):
        (folder / f"moods/{split}-0.tsv").write_text("I sing\tgood\nI weep\tbad\nno tab\n" * 4)
    made = mm.problems["my_moods"].head
    assert made is not None
    example = next(
        iter(space["MyMoods"]().examples_of(folder / "moods/train-0.tsv", "train", None))
    )
    assert (example["inputs"], example["targets"]) == ("I sing", "good")
    (folder / "train.txt").write_text("a\nb")
    assert list(space["Letters"]().text(folder)) == ["a", "b"]


def _trees(folder: Path, space: Space) -> None:
    (folder / "train.tsv").write_text("They dance\t(S (NP XX NP) (VP XX VP) S)\n")
    (example,) = space["MyTrees"]().examples("train", folder)
    assert example["inputs"] == "They dance"
    assert space["my_share"](["ab", "c"], ["xy", "z!"]) == 0.5


def _digits(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for split, count in (("train", 30), ("dev", 10), ("test", 10)):
        (folder / "wavs" / split).mkdir(parents=True)
        for n in range(count):
            sound = rng.normal(0, 0.1, 2000 + 100 * n)
            soundfile.write(folder / f"wavs/{split}/{n % 10}_{n}.wav", sound, 8000)


def _readme_task(folder: Path) -> None:
    """Writes the README's own task, and sounds for it."""
    _digits(folder)
    (task,) = (block for block in blocks_of("README.md") if block.file)
    (folder / "mine").mkdir()
    (folder / task.file).write_text(task.text)


def _spoken(folder: Path, space: Space) -> None:
    assert (folder / "runs/spoken/report.html").is_file()
    assert space["model"].problems == ["my_numbers", "made_colours"]


def _trained_digits(folder: Path, space: Space) -> None:
    assert (folder / "runs/mine/results.json").is_file()


def _penn_tree(folder: Path, space: Space) -> None:
    from t2t_multimodel.metrics.penn import penn_tree

    tree, repairs = penn_tree("(S (NP XX XX NP) (VP XX VP) . S)", "The dog barks .".split())
    assert tree == "(S (NP (XX The) (XX dog)) (VP (XX barks)) (. .))"
    assert repairs.closes_dropped == 0


_OF_STORAGE = ("mm-datagen", "mm-trainer", "mm-eval", "mm-report")
PAGES: dict[str, Stage] = {
    "README.md": Stage(
        prepare=_digits,
        plans="^$|hparams_set",  # .ci/run trains them
        replaced={
            '"octet"': '"runs/octet_quick"',
        },
        check=_trained_digits,
    ),
    "docs/checking.md": Stage(
        prepare=_readme_task,
        replaced={"octet_parse --model=octet": "octet_ende --model=runs/octet_quick"},
    ),
    "docs/data.md": Stage(check=_moods),
    "docs/decoder.md": Stage(),
    "docs/decoding.md": Stage(
        prepare=_two_runs,
        replaced={"=200,": "=2,"},
        check=_trees,
    ),
    "docs/devices.md": Stage(plans=ALWAYS),
    "docs/faq.md": Stage(as_is=True),
    "docs/images_and_speech.md": Stage(
        prepare=_tiny("wsj_speech"), flags={"mm-datagen": ("--vocab_size=300",)}
    ),
    "docs/model.md": Stage(),
    "docs/mixtures.md": Stage(plans=ALWAYS, replaced={"runs/octet_quick": "runs/new"}),
    "docs/own_data.md": Stage(),
    "docs/paper.md": Stage(replaced={"steps=1000": "steps=1"}),
    "docs/parsing.md": Stage(
        prepare=_tiny("wsj_parse"), flags={"mm-datagen": ("--vocab_size=500",)}, check=_penn_tree
    ),
    "docs/python.md": Stage(prepare=_pictures, replaced={'"train.steps": 500': '"train.steps": 2'}),
    "docs/runs.md": Stage(),
    "docs/storage.md": Stage(
        replaced={"s3://bucket": "local://bucket"},  # by the same verbs
        flags={name: ("--cache_dir=cache",) for name in _OF_STORAGE},
    ),
    "docs/serving.md": Stage(
        prepare=_pictures, flags={"mm-export": ("--problems=made_numbers,made_colours",)}
    ),
    "docs/sources.md": Stage(
        prepare=_usual_files,
        replaced={"class_folders:FOLDER": "class_folders:PETS"},
        flags={"mm-datagen": ("--vocab_size=300",)},
    ),
    "docs/tasks.md": Stage(),
    "docs/translation.md": Stage(
        prepare=_tiny("wmt_ende", "wmt_deen"), flags={"mm-datagen": ("--vocab_size=500",)}
    ),
    "docs/tutorial.md": Stage(check=_spoken, plans="--plan"),
    "docs/api.md": Stage(replaced={'"train.steps": 500': '"train.steps": 2'}),
    "docs/api_settings.md": Stage(),
    "docs/variants.md": Stage(
        plans=ALWAYS, flags={"mm-trainer": ("--gin_param=ModelConfig.hidden_size = 32",)}
    ),
}
"""Every page whose blocks are run."""
