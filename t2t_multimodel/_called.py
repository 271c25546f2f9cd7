"""Two subpackages that are also part of the Python interface, whose names they have.

`t2t_multimodel.train` is the package of the training loop, and it is called to train.
`t2t_multimodel.problems` is the package of the built-in problems, and it is the mapping of all
problems that are known. A module may have a class of its own, which says what a call of it and its
brackets mean; the import system sees no difference.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from t2t_multimodel.api.places import Place, RawDirLike
    from t2t_multimodel.api.problems import KnownProblem
    from t2t_multimodel.api.training import Run


class TrainPackage(ModuleType):
    """The package `t2t_multimodel.train`, which is called to train a model."""

    def __call__(
        self,
        problems: Sequence[str] | Mapping[str, float] = (),
        hparams_set: str | None = None,
        hparams: Mapping[str, Any] | None = None,
        *,
        output_dir: Place | None = None,
        data_dir: Place = "data",
        raw_dir: RawDirLike = None,
    ) -> Run:
        """Trains one model on several problems: see `t2t_multimodel.api.training.train`."""
        from t2t_multimodel.api.training import train

        return train(
            problems,
            hparams_set,
            hparams,
            output_dir=output_dir,
            data_dir=data_dir,
            raw_dir=raw_dir,
        )


class ProblemsPackage(ModuleType, Mapping[str, "KnownProblem"]):
    """The package `t2t_multimodel.problems`, which is the mapping of all known problems."""

    __hash__ = ModuleType.__hash__
    __eq__ = ModuleType.__eq__

    def __getitem__(self, name: str) -> KnownProblem:
        """The problem of that name.

        Raises:
            UserError: nobody registered it; the nearest names are offered.
        """
        from t2t_multimodel.api.problems import KnownProblem

        return KnownProblem(name)

    def __iter__(self) -> Iterator[str]:
        from t2t_multimodel.api.problems import names

        return names()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in set(self)

    def _repr_html_(self) -> str:
        from t2t_multimodel.api.problems import table

        return table()


def install() -> None:
    """Gives the two packages their classes; they import nothing else."""
    importlib.import_module("t2t_multimodel.train").__class__ = TrainPackage
    importlib.import_module("t2t_multimodel.problems").__class__ = ProblemsPackage
