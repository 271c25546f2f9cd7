"""Packs a trained run as a model that ships with the package.

    python -m tools.ship_model runs/octet_tiny octet

The weights are rounded to bfloat16, which is what a model file needs least of: the file stays an
ordinary `model.keras`, whose weights are float32 numbers with sixteen zero bits that compress away.
The optimizer's slots stay behind. `README.md` of the folder is the model's card: it is written from
the run's config and from `results.json`, the run's own final table.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import h5py
import ml_dtypes
import numpy as np

from t2t_multimodel.checkpoints.checkpoint import Checkpoint, open_checkpoint
from t2t_multimodel.checkpoints.model_file import WEIGHTS
from t2t_multimodel.checkpoints.saving import seal
from t2t_multimodel.side_files import read_json
from tools.model_card import card

TARGET = Path(__file__).resolve().parent.parent / "t2t_multimodel" / "shipped"
MOST_BYTES = 12_000_000
_STATE = ("step", "config", "usr_dirs", "data", "features")
"""What a checkpoint that nobody trains on needs of `state.json`."""


def pack(checkpoint: Checkpoint, results: list[dict[str, object]], folder: Path, beam: int) -> int:
    """Writes the folder of a shipped model; returns its size in bytes.

    Args:
        checkpoint: of a run without user code.
        results: rows of `results.json`, for the card.
        folder: where to; an older model there is replaced.
        beam: size of the beam that wrote what the rows score.

    Raises:
        ValueError: it is larger than `MOST_BYTES`, or its run has code of a user.
    """
    if checkpoint.state.get("usr_dirs"):
        raise ValueError("A model that ships must not need a user's code.")
    with tempfile.TemporaryDirectory(dir=folder.parent) as parent:
        work = Path(parent) / folder.name
        shutil.copytree(checkpoint.path / "vocab", work / "vocab")
        write_rounded(checkpoint.path / "model.keras", work / "model.keras")
        state = {name: checkpoint.state[name] for name in _STATE if name in checkpoint.state}
        (work / "state.json").write_text(json.dumps(state, indent=1) + "\n")
        (work / "results.json").write_text(json.dumps(results, indent=1) + "\n")
        (work / "README.md").write_text(card(folder.name, checkpoint, results, beam))
        seal(work)
        size = sum(file.stat().st_size for file in work.rglob("*") if file.is_file())
        if size > MOST_BYTES:
            raise ValueError(f"The model has {size:,} bytes; at most {MOST_BYTES:,} ship.")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(work, folder)
    return size


def write_rounded(source: Path, target: Path) -> None:
    """Copies a `model.keras` with its weights rounded to bfloat16, compressed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in sorted(old.namelist()):
            content = rounded(old.read(name)) if name == WEIGHTS else old.read(name)
            entry = zipfile.ZipInfo(name)  # its date is that of no day, so equal models are equal
            new.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)


def rounded(weights: bytes) -> bytes:
    """The same HDF5 file with each array of float32 rounded to bfloat16 and compressed."""
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder, "old.h5"), Path(folder, "new.h5")
        old.write_bytes(weights)
        with h5py.File(old) as source, h5py.File(new, "w") as target:
            _copy(source, target)
        return new.read_bytes()


def _copy(source: h5py.Group, target: h5py.Group) -> None:
    for key, value in source.attrs.items():
        target.attrs[key] = value
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            _copy(item, target.create_group(name))
            continue
        values = item[()]
        if values.dtype == np.float32:
            values = values.astype(ml_dtypes.bfloat16).astype(np.float32)
        packing = {"compression": "gzip", "compression_opts": 9, "shuffle": True}
        made = target.create_dataset(name, data=values, **(packing if values.size > 64 else {}))
        for key, value in item.attrs.items():
            made.attrs[key] = value


def main(argv: Sequence[str] | None = None) -> None:
    """Packs the newest checkpoint of a run, or the one named."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="a run with results.json")
    parser.add_argument("name", help="what the model is called by")
    parser.add_argument("--checkpoint", type=Path, help="another checkpoint than the newest")
    parser.add_argument("--results", type=Path, help="another table than the run's own")
    parser.add_argument("--beam", type=int, help="size of the beam of that table, if not the run's")
    args = parser.parse_args(argv)
    results = read_json(args.results or args.run / "results.json", kind=list)
    checkpoint = open_checkpoint(args.checkpoint or args.run)
    beam = args.beam or checkpoint.config().evaluate.beam_size
    size = pack(checkpoint, results, TARGET / args.name, beam)
    print(f"{TARGET / args.name}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
