"""The devices that `train.distribution` names: made ready, and given the engine they need."""

from __future__ import annotations

import keras

from t2t_multimodel.config import (
    Config,
    DistributionConfig,
    MeshConfig,
    MirroredConfig,
    MultiWorkerConfig,
)
from t2t_multimodel.config.base import written
from t2t_multimodel.engines import engine
from t2t_multimodel.engines.cluster import Cluster
from t2t_multimodel.engines.engine import Engine
from t2t_multimodel.engines.process_group import ALONE, ProcessGroup
from t2t_multimodel.errors import UserError
from t2t_multimodel.multimodel import MultiModel


def set_up(config: Config, cluster: Cluster | None = None) -> ProcessGroup:
    """Makes the devices ready; before the backend's first operation and before the model.

    Args:
        config: of the run.
        cluster: the processes of the run, where there are several.

    Raises:
        UserError: the backend or this machine does not have such devices, or a step has too few
            micro-batches for them.
    """
    wanted, backend = config.train.distribution, keras.backend.backend()
    if cluster and not isinstance(wanted, MultiWorkerConfig | MeshConfig):
        raise UserError("--cluster is for --distribution=multi_worker, data:N or experts:M.")
    if backend == "jax":
        if config.train.jit_compile:
            raise UserError(
                "train.jit_compile has no effect on JAX, which always compiles.",
                fix="Leave it out.",
            )
        keras.distribution.set_distribution(None)  # of an earlier run in this process
    if isinstance(wanted, MeshConfig):
        _need(backend, "jax", wanted)
        return _set_up_mesh(wanted, config, cluster)
    if isinstance(wanted, MirroredConfig):
        _need(backend, "tensorflow", wanted)
        from t2t_multimodel.engines import tensorflow_mirrored as engine_mirrored

        _enough_batches(config, len(engine_mirrored.devices(wanted.devices)))
    if not isinstance(wanted, MultiWorkerConfig):
        return ALONE
    _need(backend, "tensorflow", wanted)
    if cluster is None:
        raise UserError(
            "multi_worker needs to know the workers.",
            fix="Give every process --cluster=hostA:2222,hostB:2222 and its own --worker=0 or 1, "
            "or set TF_CONFIG.",
        )
    _enough_batches(config, len(cluster.addresses))
    from t2t_multimodel.engines.tensorflow_process_group import WorkerProcessGroup

    return WorkerProcessGroup(cluster, wanted.timeout)


def _set_up_mesh(wanted: MeshConfig, config: Config, cluster: Cluster | None) -> ProcessGroup:
    from t2t_multimodel.engines import jax_mesh

    if cluster is None:
        jax_mesh.set_mesh(wanted, config)
        return ALONE
    from t2t_multimodel.engines.jax_process_group import JaxProcessGroup

    group = JaxProcessGroup(cluster)  # JAX must know the others before it looks for devices
    jax_mesh.set_mesh(wanted, config)
    return group


def make_engine(model: MultiModel, config: Config, process_group: ProcessGroup) -> Engine:
    """The engine for the devices that `set_up` made ready."""
    wanted = config.train.distribution
    if isinstance(wanted, MeshConfig):
        from t2t_multimodel.engines.jax_mesh import MeshEngine

        return MeshEngine(model, config, process_group.row_share)
    if isinstance(wanted, MirroredConfig):
        from t2t_multimodel.engines.tensorflow_mirrored import MirroredEngine, devices

        return MirroredEngine(model, config, devices(wanted.devices))
    if isinstance(wanted, MultiWorkerConfig):
        from t2t_multimodel.engines.tensorflow_process_group import WorkerProcessGroup
        from t2t_multimodel.engines.tensorflow_workers import WorkerEngine

        assert isinstance(process_group, WorkerProcessGroup)
        return WorkerEngine(model, config, process_group)
    return engine.make_engine(model, config)


def _need(backend: str, needed: str, wanted: DistributionConfig) -> None:
    if backend != needed:
        raise UserError(
            f"train.distribution={written(wanted)} needs KERAS_BACKEND={needed}, "
            f"but this is {backend}.",
            fix="docs/devices.md lists what each backend has.",
        )


def _enough_batches(config: Config, devices: int) -> None:
    if devices > config.batches_per_step:
        raise UserError(
            f"{devices} devices share the {config.batches_per_step} micro-batches of a step, so "
            "some would have none.",
            fix="Raise train.accumulate or train.problems_per_step, or take fewer devices.",
        )
