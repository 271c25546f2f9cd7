"""Which devices a run computes on: one of several kinds."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from t2t_multimodel.config.base import Section


@dataclasses.dataclass(frozen=True, kw_only=True)
class OneDeviceConfig(Section):
    """One device."""

    kind: ClassVar[str] = "one"


@dataclasses.dataclass(frozen=True, kw_only=True)
class MirroredConfig(Section):
    """Devices of this host with a copy of the weights each. On TensorFlow."""

    kind: ClassVar[str] = "mirrored"

    devices: int = 0
    """The number of devices; 0 takes all of them."""

    def check(self) -> None:
        self.require(self.devices >= 0, "devices", "0 or more")


@dataclasses.dataclass(frozen=True, kw_only=True)
class MultiWorkerConfig(Section):
    """Several processes share the micro-batches of a step. On TensorFlow."""

    kind: ClassVar[str] = "multi_worker"

    timeout: float = 600.0
    """Seconds that a step waits for other workers before the run stops."""

    def check(self) -> None:
        self.require(self.timeout > 0, "timeout", "> 0")


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeshConfig(Section):
    """A mesh of devices with two axes. On JAX."""

    kind: ClassVar[str] = "mesh"

    data: int = 1
    """Devices that share the rows of each micro-batch."""
    experts: int = 1
    """Devices that share the experts of each mixture layer."""

    def check(self) -> None:
        for name in ("data", "experts"):
            self.require(getattr(self, name) >= 1, name, "1 or more")


DistributionConfig = OneDeviceConfig | MirroredConfig | MultiWorkerConfig | MeshConfig
"""Devices on which micro-batches are computed, see docs/devices.md."""
