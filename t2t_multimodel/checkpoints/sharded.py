"""Sharded checkpoints: arrays in parts, as they lie on the devices of a mesh, through Orbax.

The folder of such a checkpoint holds, in the place of `model.keras` and `optimizer.npz`:
`model.json`, the architecture and the names of the slots, and below `arrays` two folders of Orbax.
Each process writes the parts that its devices hold, and reads those that they need.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from t2t_multimodel import storage
from t2t_multimodel.checkpoints.model_file import REGISTERED, checked_config
from t2t_multimodel.errors import UserError, foreign
from t2t_multimodel.side_files import Damaged, read_json

if TYPE_CHECKING:  # wrong names are told before TensorFlow is loaded
    import keras

    from t2t_multimodel.multimodel import MultiModel

ARCHITECTURE = "model.json"
ARRAYS = "arrays"
_WEIGHTS, _SLOTS = "weights", "slots"
_MOST_SECONDS = 6 * 3600
"""Orbax gives up a save that takes longer."""


def is_sharded(folder: Path) -> bool:
    """Whether a checkpoint is of this format."""
    return (folder / ARCHITECTURE).is_file() or (folder / ARRAYS).is_dir()


class ShardWriter:
    """Writes arrays that are spread over devices, by one call in each process of the run.

    Args:
        folder: the run's `checkpoints`.
        workers: processes that write there.

    Raises:
        UserError: Orbax is not installed, or several processes have no folder in common.
    """

    def __init__(self, folder: Path, workers: int = 1) -> None:
        if workers > 1 and storage.is_remote(folder):
            raise UserError(
                f"{storage.shown(folder)}: several processes can not write one sharded checkpoint "
                "to a store.",
                fix="Give an --output_dir on a disk that all of them share, or leave experts:M out "
                "of --distribution.",
            )
        orbax = _orbax()
        self._orbax = orbax
        self._checkpointer = orbax.AsyncCheckpointer(
            orbax.CompositeCheckpointHandler(), timeout_secs=_MOST_SECONDS
        )

    def begin(self, folder: Path, weights: dict[str, Any], slots: dict[str, Any]) -> None:
        """Copies what this process holds, and begins to write it; later updates cannot reach it.

        Args:
            folder: in which `arrays` appears; it exists.
            weights: path -> value of each variable, of JAX or of NumPy.
            slots: as of the optimizer.
        """
        kinds = {_WEIGHTS: weights, **({_SLOTS: slots} if slots else {})}
        tree = {name: self._orbax.args.PyTreeSave(kind) for name, kind in kinds.items()}
        with foreign(lambda why: _not_written(folder, why)):
            self._checkpointer.save(
                (folder / ARRAYS).absolute(), args=self._orbax.args.Composite(**tree)
            )

    def finish(self, folder: Path) -> None:
        """Returns when the arrays of all processes are on the disk."""
        with foreign(lambda why: _not_written(folder, why)):
            self._checkpointer.wait_until_finished()


def write_architecture(model: keras.Model, slots: Iterable[str], folder: Path) -> None:
    """Writes what a sharded checkpoint must tell beside its arrays."""
    import keras

    values = {
        "registered_name": REGISTERED,
        "config": keras.saving.serialize_keras_object(model.get_config()),
        "slots": sorted(slots),
    }
    (folder / ARCHITECTURE).write_text(json.dumps(values))


def architecture(folder: Path) -> dict[str, Any]:
    """What `MultiModel.get_config` gave when the checkpoint was written.

    Raises:
        UserError: the file is damaged, or holds another class.
    """
    file = folder / ARCHITECTURE
    return checked_config(read_json(file, ("registered_name", "config", "slots")), file)


def load_sharded(folder: Path) -> MultiModel:
    """The model of a checkpoint. On JAX each device reads the parts that lie on it.

    Raises:
        UserError: it is damaged, or Orbax is not installed.
    """
    from t2t_multimodel.multimodel import MultiModel

    values = architecture(folder)
    with foreign(lambda why: Damaged(folder, why, "Take another checkpoint.")):
        model = MultiModel.from_config(values)
        paths = [variable.path for variable in model.variables]
        arrays = _read(folder, _WEIGHTS, paths, _places(model))
        for variable in model.variables:
            variable.assign(arrays.pop(variable.path))
    return model


def has_slots(folder: Path) -> bool:
    """Whether a sharded checkpoint holds slots of the optimizer; an average has none."""
    return bool(_slot_names(folder))


def _slot_names(folder: Path) -> list[str]:
    names: list[str] = read_json(folder / ARCHITECTURE, ("slots",))["slots"]
    return names


def read_slots(folder: Path, model: MultiModel | None) -> dict[str, Any]:
    """The slots of the optimizer, by name.

    Args:
        folder: of the checkpoint.
        model: on JAX the slots lie where its variables do; None: they come as NumPy's arrays.

    Raises:
        UserError: they are damaged, or Orbax is not installed.
    """
    names, places = _slot_names(folder), _places(model) if model else {}
    by_name = {name: places.get(name.partition("/")[2]) for name in names}
    return _read(folder, _SLOTS, names, by_name)


def _places(model: MultiModel) -> dict[str, Any]:
    """On JAX the arrays of a model's variables; a checkpoint's are laid out like them."""
    if not _computes_on_jax():
        return {}
    return {variable.path: variable.value for variable in model.variables}


def _read(folder: Path, kind: str, names: Iterable[str], like: Mapping[str, Any]) -> dict[str, Any]:
    orbax, place = _orbax(), folder.resolve() / ARRAYS / kind
    for file in place.rglob("*"):
        if file.is_symlink():
            raise UserError(
                f"{file} is a link; a checkpoint must hold its own arrays.",
                fix="Take another checkpoint.",
            )

    def wanted(name: str) -> Any:
        array = like.get(name)
        if array is None:
            import numpy as np

            return orbax.RestoreArgs(restore_type=np.ndarray)
        return orbax.ArrayRestoreArgs(sharding=array.sharding, global_shape=array.shape)

    places = {name: wanted(name) for name in names}
    with foreign(lambda why: Damaged(place, why, "Take another checkpoint of its run.")):
        with orbax.Checkpointer(orbax.PyTreeCheckpointHandler()) as reader:
            found: dict[str, Any] = reader.restore(
                place,
                args=orbax.args.PyTreeRestore(item=dict.fromkeys(places, 0), restore_args=places),
            )
    return found


def _orbax() -> Any:
    """The package, which brings JAX; users of TensorFlow alone need neither."""
    try:
        import jax
        import orbax.checkpoint  # type: ignore[import-untyped]
    except ImportError as error:
        raise UserError(
            f"Sharded checkpoints need JAX and Orbax, which are not installed: {error}.",
            fix="pip install 't2t-multimodel[jax]'",
        ) from error
    if not _computes_on_jax():  # it only reads here, and must not take a GPU's memory
        jax.config.update("jax_platforms", "cpu")
    logger = logging.getLogger("absl")
    if _not_of_orbax not in logger.filters:
        logger.addFilter(_not_of_orbax)
    return orbax.checkpoint


def _computes_on_jax() -> bool:
    import keras

    return bool(keras.backend.backend() == "jax")


def _not_of_orbax(record: logging.LogRecord) -> bool:
    """Leaves out tracebacks of failed saves: they are told by the errors that are raised."""
    return "orbax" not in Path(record.pathname).parts


def _not_written(folder: Path, why: str) -> UserError:
    return UserError(
        f"{storage.shown(folder.parent)} was not written: {why}.",
        fix="The same command goes on from what is missing.",
    )
