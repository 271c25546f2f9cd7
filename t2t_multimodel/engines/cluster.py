"""Cluster: the processes that train one run together, from flags or from the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from t2t_multimodel.errors import UserError

AUTO = "auto"
"""As --cluster: JAX finds the processes in what SLURM, Kubernetes, MPI or a TPU pod tell it."""
MOST_PORT = 65_535
_EXAMPLE = "give every process --cluster=hostA:2222,hostB:2222 and its own --worker=0 or 1"


@dataclass(frozen=True)
class Cluster:
    """All processes of a run and this one's place among them.

    Raises:
        UserError: an address is not of the form host:port, or the worker is not one of them.
    """

    addresses: tuple[str, ...]
    """host:port of each worker, the same list in the same order everywhere; () if `found`."""
    worker: int
    """Number of this process; 0 is the chief, which alone writes into the run's folder."""
    found: int = 0
    """Number of processes that JAX found and joined by itself; 0: `addresses` names them."""
    host_found: str = ""
    """The chief's host, where JAX found the processes."""

    def __post_init__(self) -> None:
        for address in self.addresses:
            host, _, port = address.rpartition(":")
            if not host or not port.isdecimal():
                raise UserError(f"--cluster: {address!r} is not host:port.", fix=_EXAMPLE)
            if not 1 <= int(port) <= MOST_PORT:
                raise UserError(
                    f"--cluster: {address!r} has port {int(port):,}; ports are 1 to {MOST_PORT:,}.",
                    fix=_EXAMPLE,
                )
        if len(set(self.addresses)) < len(self.addresses):
            raise UserError("--cluster names an address twice.", fix=_EXAMPLE)
        if not 0 <= self.worker < self.workers:
            raise UserError(
                f"--worker={self.worker}: the cluster has workers 0 to {self.workers - 1}.",
                fix=_EXAMPLE,
            )

    @property
    def workers(self) -> int:
        """The number of processes."""
        return self.found or len(self.addresses)

    @property
    def host(self) -> str:
        """The host of the chief."""
        return self.host_found or self.addresses[0].rpartition(":")[0]

    @property
    def chief(self) -> bool:
        """Whether this process writes checkpoints, logs and tables."""
        return self.worker == 0


def find_cluster(
    addresses: str, worker: int | None, environment: Mapping[str, str]
) -> Cluster | None:
    """The cluster that the flags describe, or else the one of TF_CONFIG; None if neither does.

    Args:
        addresses: "host:port,host:port".
        worker: number of this process.
        environment: with TF_CONFIG, whose chief, if any, comes before its workers.
    """
    if addresses:
        if worker is None:
            raise UserError("--cluster goes with --worker.", fix=_EXAMPLE)
        return Cluster(tuple(part.strip() for part in addresses.split(",")), worker)
    if worker is not None:
        raise UserError("--worker goes with --cluster.", fix=_EXAMPLE)
    return _from_tf_config(environment["TF_CONFIG"]) if "TF_CONFIG" in environment else None


def _from_tf_config(text: str) -> Cluster:
    try:
        config = json.loads(text)
        chiefs, workers = (list(config["cluster"].get(kind, ())) for kind in ("chief", "worker"))
        kind, index = config["task"]["type"], int(config["task"]["index"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"TF_CONFIG can not be read ({type(error).__name__}: {error}).", fix=_EXAMPLE
        ) from None
    if kind not in ("chief", "worker"):
        raise UserError(
            f"TF_CONFIG: this process is a {kind!r}; only chief and worker train.", fix=_EXAMPLE
        )
    return Cluster((*chiefs, *workers), index if kind == "chief" else len(chiefs) + index)
