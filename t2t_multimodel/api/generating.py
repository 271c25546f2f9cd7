"""Writes the records of problems, as `mm-datagen` does."""

from __future__ import annotations

from collections.abc import Sequence

from t2t_multimodel import storage
from t2t_multimodel.api.places import Place, RawDirLike, raw_dirs
from t2t_multimodel.cores import cores
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate


def datagen(
    problems: str | Sequence[str],
    *,
    data_dir: Place = "data",
    raw_dir: RawDirLike = None,
    workers: int | None = None,
    vocab_size: int | None = None,
) -> dict[str, Prepared]:
    """Makes what is missing of problems' vocabularies and records.

    Args:
        problems: names.
        data_dir: folder of the records.
        raw_dir: where the raw files are; see `raw_dirs`.
        workers: processes that encode; None: one for each core. A problem that was typed at a
            prompt is encoded by this process.
        vocab_size: ids of every vocabulary that is built; None: as each declares.

    Returns:
        problem -> its records: `prepared.dataset("train")[0]` is an example as it is stored.

    Raises:
        UserError: a name is unknown, or raw files are missing or unreadable.
    """
    names = [problems] if isinstance(problems, str) else list(problems)
    options = DatagenOptions(workers=workers or cores(), vocab_size=vocab_size)
    return generate(names, storage.place(data_dir), raw_dirs(raw_dir), options)
