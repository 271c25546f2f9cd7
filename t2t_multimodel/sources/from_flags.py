"""`mm-datagen --from`: flags become a definition, which is completed by what the files hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from t2t_multimodel import registry, storage, usr_dir
from t2t_multimodel._scan import DEFINITION
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.sources.class_folders import class_names
from t2t_multimodel.sources.definition import KINDS, Definition, write
from t2t_multimodel.sources.feature_notation import read_feature
from t2t_multimodel.sources.split_files import SplitFiles

MOST_CLASSES = 10_000
"""A column with more different values is no column of classes."""


def define(definition: Definition, name: str, data_dir: Path) -> None:
    """Completes a definition by its files, writes it, and makes the name known.

    Raises:
        UserError: the name is malformed or taken, or files are missing.
    """
    registry.check_name(name)
    path = (data_dir / name / DEFINITION).resolve()
    if name in registry.problems and registry.problems.registration(name).path != str(path):
        raise UserError(
            f"The problem '{name}' exists already: {registry.problems.where(name)}.",
            "Give --problem another name.",
        )
    write(completed(definition, name), name, data_dir)
    usr_dir.add_one(path)


def completed(given: Definition, name: str) -> Definition:
    """A definition with the splits that the files have, and with the names of the classes.

    Raises:
        UserError: there are no train files, or no names for classes.
    """
    folder = storage.fetch(storage.place(given.folder), whole=True)
    if not folder.is_dir():
        told = f"--from={given.kind}:{folder}"
        if folder.is_file():
            raise UserError(
                f"{told} is a file.",
                f"Give its folder, --from={given.kind}:{folder.parent}. The name of each file in "
                "it tells its split, such as train.csv.",
            )
        raise UserError(f"{told}: there is no such folder.")
    sides = [side for side in ("inputs", "targets") if getattr(given, side) == "class"]
    as_texts = replace(  # the names of classes are not known yet
        given,
        inputs="text" if "inputs" in sides else given.inputs,
        targets="text" if "targets" in sides else given.targets,
    )
    problem = as_texts.problem_class(name)()
    cut = dict(zip(("dev", "test"), given.held_out, strict=True))
    splits = [
        split
        for split in ("train", "dev", "test")
        if split == "train" or cut[split] or problem.files(split, folder)
    ]
    problem = replace(as_texts, splits=splits).problem_class(name)()
    problem.source_files(folder)  # raises where files are missing
    classes = dict(given.classes)
    for side in sides:
        if given.kind == "class_folders":
            classes[side] = list(class_names(folder))
        else:
            classes[side] = _names_in_column(problem, side, folder)
    return replace(given, splits=splits, classes=classes)


def _names_in_column(problem: SplitFiles, side: str, folder: Path) -> list[str]:
    examples = problem.examples("train", folder)
    found = {example[side] for example in examples if isinstance(example[side], str)} - {""}
    if not 2 <= len(found) <= MOST_CLASSES:
        raise UserError(
            f"The train rows of {folder} have {len(found):,} different values in the column of "
            f"the {side}, which must be 2 to {MOST_CLASSES:,} classes.",
            fix=f"Give --{side}=text, or another column.",
        )
    return sorted(found)


def from_flags(flags: Mapping[str, str]) -> Definition:
    """What `--from=KIND:FOLDER` and the flags beside it say.

    Args:
        flags: `from`, `source`, `target`, `inputs`, `targets` and `held_out` as given; "" for a
            flag that is not.

    Raises:
        UserError: a flag is missing, or has no meaning for this kind.
    """
    kind, colon, folder = flags["from"].partition(":")
    if kind not in KINDS:
        raise unknown("kind of source", kind, list(KINDS))
    if not colon or not folder:
        raise UserError(f"--from={flags['from']} names no folder.", f"e.g. --from={kind}:FOLDER")
    for flag in ("source", "target"):
        if kind == "class_folders" and flags[flag]:
            raise UserError(f"--{flag} is for files with columns or endings, not for folders.")
        if kind != "class_folders" and not flags[flag]:
            what = "ending of the files" if kind == "parallel" else "column"
            raise UserError(f"--from={kind} needs --{flag}: the {what} of the {flag}s.")
    inputs, targets = flags["inputs"], flags["targets"]
    if kind == "parallel":
        _only_text(inputs, targets)
    if kind == "class_folders":
        if not inputs:
            raise UserError(
                "--from=class_folders needs --inputs.", "e.g. --inputs=image:32x32 or audio:16000"
            )
        if targets not in ("", "class"):
            raise UserError("--from=class_folders has targets that are classes.")
        targets = "class"
    for text in filter(None, (inputs, targets)):
        if text != "class":
            read_feature(text)
    return Definition(
        kind=kind,
        folder=folder if storage.is_url(folder) else str(storage.place(folder).absolute()),
        source=flags["source"],
        target=flags["target"],
        inputs=inputs or "text",
        targets=targets or "text",
        held_out=_shares(flags["held_out"]),
    )


def _only_text(*kinds: str) -> None:
    for kind in kinds:
        if kind and kind.partition(":")[0] != "text":
            raise UserError(f"--from=parallel holds texts, not '{kind}'.", "Use --from=table.")


def _shares(text: str) -> list[float]:
    """Two shares of `--held_out=0.05,0.1`."""
    try:
        shares = [float(part) for part in text.split(",")] if text else [0.0, 0.0]
    except ValueError:
        shares = []
    if len(shares) != 2 or min(shares) < 0 or sum(shares) >= 1:
        raise UserError(
            f"--held_out={text}: expected the shares of dev and test.", "e.g. --held_out=0.05,0.1"
        )
    return shares
