"""Several worker processes on TensorFlow, joined by the collectives of tf.distribute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from t2t_multimodel.engines.cluster import Cluster
from t2t_multimodel.engines.process_group import ProcessGroup
from t2t_multimodel.errors import UserError

_ABORTED = "Collective ops is aborted by: "
Summed = Callable[[tf.Tensor], tf.Tensor]


class WorkerProcessGroup(ProcessGroup):
    """This process and the other workers of its cluster; waits until all of them are there.

    Make it before TensorFlow's first operation. Every worker has a model of its own. Gradients
    are summed over the workers, each then makes the same update, and so all stay equal.

    Args:
        cluster: who is in the process_group.
        timeout: seconds that a sum of a step may take before the others count as gone.
    """

    def __init__(self, cluster: Cluster, timeout: float) -> None:
        self.chief, self.worker = cluster.chief, cluster.worker
        self.workers = len(cluster.addresses)
        self._options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=timeout)
        resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec({"worker": list(cluster.addresses)}),
            task_type="worker",
            task_id=cluster.worker,
            rpc_layer="grpc",
        )
        try:
            self._strategy = tf.distribute.MultiWorkerMirroredStrategy(resolver)
        except tf.errors.OpError as error:
            own = cluster.addresses[cluster.worker]
            raise UserError(
                f"Worker {cluster.worker} can not join the others: {_reason(error)}.",
                fix=f"Is {own} an address of this host, free, and open to the other workers?",
            ) from error
        if self._strategy.num_replicas_in_sync != self.workers:
            raise UserError(
                f"{self.workers} workers see {self._strategy.num_replicas_in_sync} devices.",
                fix="Start one process for each device: CUDA_VISIBLE_DEVICES=0 for one, =1 for "
                "the next.",
            )
        numbers = tf.TensorSpec([None], tf.float64)
        self._in_time, self._whenever = self.summed(numbers), self.summed(numbers, in_time=False)

    def summed(self, spec: tf.TensorSpec, *, in_time: bool = True) -> Summed:
        """A function that sums a vector over the workers.

        All workers make these functions in the same order, which is how TensorFlow tells them
        apart.

        Args:
            spec: of the vector.
            in_time: whether the others are given `timeout` seconds only.
        """
        options = self._options if in_time else None

        def on_device(vector: tf.Tensor) -> tf.Tensor:
            replica = tf.distribute.get_replica_context()
            return replica.all_reduce("SUM", tf.identity(vector), options)

        @tf.function(input_signature=[spec], autograph=False)
        def run(vector: tf.Tensor) -> tf.Tensor:
            return self._strategy.run(on_device, args=(vector,))

        return run.get_concrete_function()

    def gather(self, values: np.ndarray) -> np.ndarray:
        return self._gathered(values, self._in_time)

    def wait(self) -> None:
        self._gathered(np.zeros(1), self._whenever)

    def _gathered(self, values: np.ndarray, summed: Summed) -> np.ndarray:
        """A table of zeros but for each worker's own row, summed."""
        table = np.zeros((self.workers, len(values)))
        table[self.worker] = values
        with gone_workers_told():
            return summed(tf.constant(table.ravel())).numpy().reshape(table.shape)

    def leave(self) -> None:
        try:
            self.wait()
        except UserError:  # the others were done before and are gone
            return


@contextmanager
def gone_workers_told() -> Iterator[None]:
    """TensorFlow's errors inside become the `UserError` that another worker is gone."""
    try:
        yield
    except (
        tf.errors.UnavailableError,
        tf.errors.DeadlineExceededError,
        tf.errors.AbortedError,
        tf.errors.CancelledError,
    ) as error:
        raise UserError(
            f"Another worker of this run stopped or can not be reached: {_reason(error)}.",
            fix="Its own output says why. Start all workers again with the same commands: they go "
            "on from the last checkpoint.",
        ) from error


def _reason(error: tf.errors.OpError) -> str:
    """The line of TensorFlow's message that says what happened."""
    lines = [line.strip() for line in str(error.message).splitlines()]
    told = [line.removeprefix(_ABORTED) for line in lines if line.startswith(_ABORTED)]
    return (told or lines or [type(error).__name__])[0].rstrip(".")
