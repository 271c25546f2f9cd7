"""`model.keras`, read without asking the file which code to run.

Keras would import and build whatever class the file names. A checkpoint may come from someone
else, so its one class is known beforehand, its config is read as plain values, and its weights
must lie in the file itself.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from t2t_multimodel.errors import UserError

if TYPE_CHECKING:  # wrong names are told before TensorFlow is loaded
    from t2t_multimodel.multimodel import MultiModel

REGISTERED = "t2t_multimodel>MultiModel"
"""The name under which Keras knows the class."""
WEIGHTS = "model.weights.h5"
_MOST_CONFIG = 64 << 20  # bytes; of a real one some hundred thousand


def load_model(file: Path) -> MultiModel:
    """The model in a file, weights included.

    Raises:
        UserError: the file is damaged, holds another class, or points out of itself.
    """
    from t2t_multimodel.multimodel import MultiModel

    values = model_config(file)
    try:
        _refuse_pointers(file)
        model = MultiModel.from_config(values)
        model.load_weights(file)
    except UserError:
        raise
    except (OSError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise _damaged(file, _first_line(error)) from error
    return model


def model_config(file: Path) -> dict[str, Any]:
    """Reads what `MultiModel.get_config` gave when the file was written.

    Raises:
        UserError: the file is damaged, or holds another class.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo("config.json").file_size > _MOST_CONFIG:
                raise _damaged(file, f"its config is longer than {_MOST_CONFIG:,} bytes")
            values = json.loads(archive.read("config.json"))
    except FileNotFoundError as error:
        raise _damaged(file, "it is missing") from error
    except (OSError, LookupError, ValueError, RecursionError, zipfile.BadZipFile) as error:
        raise _damaged(file, _first_line(error)) from error
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or another compression
        raise _damaged(file, _first_line(error)) from error
    return checked_config(values, file)


def checked_config(values: Any, file: Path) -> dict[str, Any]:
    """The config of our one class, as plain values, from what a file says of its model.

    Args:
        values: from JSON.
        file: that holds them, for messages.

    Raises:
        UserError: it is another class, or names one in its settings.
    """
    name = values.get("registered_name") if isinstance(values, dict) else None
    if name != REGISTERED or not isinstance(values.get("config"), dict):
        raise UserError(
            f"{file} holds no model of this package, but {name!r}.",
            fix="Only checkpoints that mm-trainer wrote are read: a file may not name its code.",
        )
    return _plain(values["config"], file)


def _plain(value: Any, file: Path) -> Any:
    """Values as JSON has them; Keras writes a tuple as an object, all other objects are refused."""
    if isinstance(value, list):
        return [_plain(one, file) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__tuple__" and isinstance(value.get("items"), list):
        return tuple(_plain(one, file) for one in value["items"])
    if "class_name" in value:
        raise UserError(
            f"{file} names the class {value['class_name']!r} in its settings.",
            fix="Only checkpoints that mm-trainer wrote are read: a file may not name its code.",
        )
    return {key: _plain(one, file) for key, one in value.items()}


def _refuse_pointers(file: Path) -> None:
    """Raises `UserError` where HDF5 would read weights from another file."""
    import h5py  # type: ignore[import-untyped]

    with zipfile.ZipFile(file) as archive, h5py.File(io.BytesIO(archive.read(WEIGHTS))) as weights:
        groups = [weights]
        for group in groups:  # `groups` grows on the way
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise _points(file, name)
                item = group[name]
                if isinstance(item, h5py.Group):
                    groups.append(item)
                elif item.external or item.is_virtual:
                    raise _points(file, name)


def _points(file: Path, name: str) -> UserError:
    return UserError(
        f"{file}: the weights {name} lie elsewhere; a checkpoint must hold its own.",
        fix="Take another checkpoint.",
    )


def _damaged(file: Path, how: str) -> UserError:
    return UserError(f"{file} is damaged: {how}.", fix="Take another checkpoint of its run.")


def _first_line(error: Exception) -> str:
    return (str(error).strip().split("\n")[0] or type(error).__name__).rstrip(".")
