"""Records of the problems in `tiny_problems`."""

from __future__ import annotations

import shutil
from pathlib import Path

from t2t_multimodel import usr_dir
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate

SOURCE = Path(__file__).with_name("tiny_problems.py")


def add(folder: Path) -> None:
    """Makes the problems known from a copy, so that each test has a module of its own."""
    folder.mkdir(exist_ok=True)
    shutil.copy(SOURCE, folder / "problems.py")
    usr_dir.add(folder)


def prepared(name: str, folder: Path) -> Prepared:
    """The problem with its records in `folder`; `add` must have been called."""
    return generate([name], folder, options=DatagenOptions(vocab_size=300, report=lambda _: None))[
        name
    ]
