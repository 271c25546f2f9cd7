"""A checkpoint as far as names go: whole files, but no model in them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from t2t_multimodel.config import Config, rates


def named_checkpoint(folder: Path, *problems: str, **state: Any) -> Path:
    """Writes what commands look at before TensorFlow is loaded.

    Args:
        folder: becomes the checkpoint.
        problems: of its run, with rates.
        state: further entries of `state.json`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = Config(problems=rates(*problems)).to_dict()
    values = {"step": 1, "config": config, "usr_dirs": [], **state}
    (folder / "state.json").write_text(json.dumps(values))
    zipfile.ZipFile(folder / "model.keras", "w").close()
    return folder
