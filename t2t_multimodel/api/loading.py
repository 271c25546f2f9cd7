"""Opens trained models: a run, a checkpoint, or what `mm-export` wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from t2t_multimodel import quiet
from t2t_multimodel.api.places import Place, add_usr_dir
from t2t_multimodel.checkpoints.trusted_code import admit, remembered_code
from t2t_multimodel.export.about import ABOUT
from t2t_multimodel.shipped import folder_of

if TYPE_CHECKING:
    from t2t_multimodel.api.exported import ExportedModel
    from t2t_multimodel.api.model import Model


def load(name: Place, usr_dir: Place | None = None) -> Model | ExportedModel:
    """A trained model.

    Args:
        name: folder of a run, whose newest whole checkpoint is taken, of a checkpoint, or of an
            export; or the name of a model that ships with the package, such as "octet".
        usr_dir: the user's own code that the model needs, if this machine has not agreed to it.

    Returns:
        a `Model`; for an export an `ExportedModel`, which can only `predict`.

    Raises:
        UserError: there is no such folder, no checkpoint in it, or it is damaged.
    """
    if usr_dir is not None:
        add_usr_dir(usr_dir)
    folder = folder_of(name)
    if (folder / ABOUT).is_file():
        from t2t_multimodel.api.exported import ExportedModel

        exported = ExportedModel(folder)
        admit(folder, remembered_code(folder), exported.problems)
        return exported
    from t2t_multimodel.checkpoints.checkpoint import open_checkpoint

    checkpoint = open_checkpoint(folder)
    quiet.import_backend()
    from t2t_multimodel.api.model import Model  # late: what is wrong is told before TensorFlow

    return Model(checkpoint)
