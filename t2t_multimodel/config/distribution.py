"""Which devices a run computes on, as `train.distribution` says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from t2t_multimodel.errors import UserError, unknown

KINDS = ("mirrored", "multi_worker", "data", "experts")
_FIX = (
    "TensorFlow: --distribution=mirrored:2 (devices of one host) or multi_worker (processes); "
    "JAX: --distribution=data:2,experts:2. docs/devices.md explains them."
)


@dataclass(frozen=True)
class Distribution:
    """Where micro-batches are computed."""

    mirrored: int | None = None
    """Devices of this host with a copy of the weights each; 0: all of them."""
    multi_worker: bool = False
    """Whether several processes share the micro-batches of a step."""
    data: int = 1
    """Devices that share the rows of each micro-batch."""
    experts: int = 1
    """Devices that share the experts of each mixture layer."""
    mesh: bool = False
    """Whether data or experts were named."""


def parse_distribution(entries: Sequence[str]) -> Distribution:
    """("data:2", "experts:2") -> Distribution(data=2, experts=2, mesh=True).

    Raises:
        UserError: an unknown name, no such number, or names that do not go together.
    """
    sizes: dict[str, int] = {}
    for entry in entries:
        kind, colon, number = (part.strip() for part in entry.partition(":"))
        if kind not in KINDS:
            raise unknown("distribution", kind, KINDS)
        if kind in sizes:
            raise UserError(f"train.distribution names {kind} twice.", fix=_FIX)
        sizes[kind] = _devices(kind, number, given=bool(colon))
    mesh = sizes.keys() & {"data", "experts"}
    if len(sizes) > 1 and len(mesh) < len(sizes):
        named = " and ".join(sizes)
        raise UserError(f"train.distribution: {named} do not go together.", fix=_FIX)
    return Distribution(
        sizes.get("mirrored"),
        "multi_worker" in sizes,
        sizes.get("data", 1),
        sizes.get("experts", 1),
        bool(mesh),
    )


def _devices(kind: str, number: str, *, given: bool) -> int:
    """The number behind a kind's colon; mirrored needs none, multi_worker has none."""
    if not given and kind in ("mirrored", "multi_worker"):
        return 0
    if kind == "multi_worker":
        raise UserError(
            "train.distribution: multi_worker takes no number; the cluster says how many.", fix=_FIX
        )
    if not number.isdecimal() or int(number) < 1:
        raise UserError(
            f"train.distribution: {kind} needs a number of devices above 0, but has {number!r}.",
            fix=_FIX,
        )
    return int(number)
