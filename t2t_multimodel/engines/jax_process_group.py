"""Several processes on JAX, joined by jax.distributed: together they drive one mesh of devices."""

from __future__ import annotations

import atexit
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import jax
import keras
import numpy as np
from jax.experimental import multihost_utils

from t2t_multimodel.data.row_share import RowShare
from t2t_multimodel.engines import lifeline
from t2t_multimodel.engines.cluster import Cluster
from t2t_multimodel.engines.lifeline import Lifeline
from t2t_multimodel.engines.micro_batch import Observed
from t2t_multimodel.engines.process_group import ProcessGroup
from t2t_multimodel.errors import UserError

JOIN_SECONDS = 3600
"""How long a process waits for the first one, which makes data that are missing before it joins."""
_GONE = ("Gloo", "gloo", "NCCL", "heartbeat", "UNAVAILABLE", "DEADLINE_EXCEEDED", "Connection")
"""Words of JAX's errors that tell of another process, whichever library carries the data."""

_MOST_NAME = 256
"""Bytes of the longest name of a host."""


class JaxProcessGroup(ProcessGroup):
    """This process and the others whose devices make up the mesh.

    JAX runs one program over all of them, so every computation of the model is made by all
    processes in the same order, evaluation and the copies for a checkpoint included. The chief
    alone writes, but for checkpoints of a model that is split: each writes what it holds.

    Args:
        cluster: the processes, this one among them. Those that JAX found have joined before.

    Raises:
        UserError: the others can not be joined.
    """

    together = True
    _whole = False
    """Whether everything that the processes do together is done."""

    def __init__(self, cluster: Cluster) -> None:
        self.chief, self.worker, self.workers = cluster.chief, cluster.worker, cluster.workers
        if cluster.found:  # the chief comes here when the data are made
            multihost_utils.sync_global_devices("data")
        else:
            _join(
                coordinator_address=cluster.addresses[0],
                num_processes=cluster.workers,
                process_id=cluster.worker,
            )
        # JAX wants the same weights everywhere, those included that a checkpoint then replaces
        keras.utils.set_random_seed(0)
        self._lifeline = self._connected(cluster)
        atexit.register(self._end)

    def _connected(self, cluster: Cluster) -> Lifeline:
        server = lifeline.listening() if self.chief else None
        own = server.getsockname()[1] if server else 0
        port = int(self.gather(np.array([own]))[0, 0])
        if server:
            return lifeline.accepted(server, self.workers - 1)
        return lifeline.connected(cluster.host, port)

    @property
    def row_share(self) -> RowShare:
        mesh = keras.distribution.distribution().device_mesh.backend_mesh
        places = [one.process_index for one in mesh.devices.flat]
        first = places.index(self.worker)
        return RowShare(first, first + places.count(self.worker), len(places))

    def gather(self, values: np.ndarray) -> np.ndarray:
        # JAX has no float64 here, but it carries their bytes
        as_bytes = np.ascontiguousarray(values, np.float64).view(np.uint32)
        everyone = np.asarray(multihost_utils.process_allgather(as_bytes), np.uint32)
        return everyone.reshape(self.workers, -1).view(np.float64)

    def share(self, observed: Sequence[Observed | None]) -> list[Observed]:
        return [one for one in observed if one is not None]  # every process has all numbers

    @contextmanager
    def watching(self) -> Iterator[None]:
        try:
            yield
            self._whole = True
            self._lifeline.part()
        except (jax.errors.JaxRuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            if not any(word in reason for word in _GONE):
                raise
            raise UserError(
                f"Another worker of this run stopped or can not be reached: {reason}",
                fix="Its own output says why. Start all workers again with the same commands: "
                "they go on from the last checkpoint.",
            ) from error

    def _end(self) -> None:
        """Ends at once after an error: JAX would wait for the others, and then abort."""
        if not self._whole:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(2)  # the exit code of an error that was told


def find_cluster() -> Cluster:
    """Joins the processes that JAX finds in its environment: SLURM, MPI, Kubernetes, a TPU pod.

    Raises:
        UserError: nothing in the environment tells of other processes, or Keras is not on JAX.
    """
    if keras.backend.backend() != "jax":
        raise UserError("--cluster=auto needs KERAS_BACKEND=jax.")
    _join()
    name = np.zeros(_MOST_NAME, np.uint8)
    own = socket.gethostname().encode()
    name[: len(own)] = list(own)
    names = multihost_utils.broadcast_one_to_all(name)
    host = bytes(np.asarray(names, np.uint8)).rstrip(b"\0").decode()
    return Cluster((), jax.process_index(), found=jax.process_count(), host_found=host)


def _join(**who: str | int) -> None:
    """Waits until all processes are there. Before JAX's first operation only.

    Args:
        who: arguments of `jax.distributed.initialize`; none: JAX looks for them itself.
    """
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    # on processors two programs that run at once would mix up their messages
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    try:
        jax.distributed.initialize(**who, initialization_timeout=JOIN_SECONDS)  # type: ignore
    except (RuntimeError, ValueError) as error:
        raise UserError(
            f"This process can not join the others: {str(error).strip().splitlines()[0]}",
            fix="Name them: --cluster=hostA:2222,hostB:2222, and each one's own --worker. The "
            "first address must be free and open to the other hosts.",
        ) from error
