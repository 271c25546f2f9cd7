"""Whether the files of a checkpoint are those that were written."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import google_crc32c

from t2t_multimodel import storage
from t2t_multimodel.checkpoints.sharded import ARCHITECTURE, is_sharded
from t2t_multimodel.side_files import Damaged, read_json

CHECKSUMS = "checksums.json"
ZIP_ERRORS = (
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error),
)


def damage(folder: Path) -> str:
    """Says what is wrong with the files of a checkpoint; empty if all are as they were written.

    Without `checksums.json` (of an earlier version, or lost) the checksums inside of the files
    must be right; those of a sharded one lie there alone.
    """
    storage.need(folder)
    needed = (ARCHITECTURE if is_sharded(folder) else "model.keras", "state.json")
    try:
        sums = read_json(folder / CHECKSUMS)
    except FileNotFoundError:
        return f"{CHECKSUMS} is missing" if is_sharded(folder) else _unsealed_damage(folder)
    except Damaged as error:
        return f"{CHECKSUMS} cannot be read ({error.how})"
    for name, expected in {**dict.fromkeys(needed, ""), **sums}.items():
        try:
            if checksum(folder / name) != expected:
                return f"{name} is not what was written"
        except FileNotFoundError:
            return f"{name} is missing"
        except (OSError, ValueError) as error:
            return f"{name} cannot be read ({error})"
    return ""


def _unsealed_damage(folder: Path) -> str:
    try:
        read_json(folder / "state.json", ("step",))
    except FileNotFoundError:
        return "state.json is missing"
    except Damaged as error:
        return f"state.json cannot be read ({error.how})"
    for name in ("model.keras", "optimizer.npz"):
        if name == "model.keras" or (folder / name).exists():
            try:
                with zipfile.ZipFile(folder / name) as archive:
                    if (part := archive.testzip()) is not None:
                        return f"{name} is not what was written ({part})"
            except FileNotFoundError:
                return f"{name} is missing"
            except ZIP_ERRORS as error:
                return f"{name} cannot be read ({error})"
    return ""


def checksum(file: Path) -> str:
    """CRC-32C of a file's content, as in TFRecord files."""
    digest = google_crc32c.Checksum()
    with open(file, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest().decode()
