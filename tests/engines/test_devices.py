"""Devices that a run asks for and can not have."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from t2t_multimodel import Config, TrainConfig
from t2t_multimodel.config import OneDeviceConfig, rates
from t2t_multimodel.config.notation import read_distribution
from t2t_multimodel.engines.cluster import Cluster
from t2t_multimodel.engines.devices import set_up
from t2t_multimodel.engines.engine import parallel_batches
from t2t_multimodel.engines.process_group import ALONE
from t2t_multimodel.errors import UserError

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the messages are of TensorFlow"
)
TWO = Cluster(("a:1", "b:1"), 0)


def config_for(distribution: str = "", **train: Any) -> Config:
    devices = read_distribution(distribution) if distribution else OneDeviceConfig()
    return Config(problems=rates("made"), train=TrainConfig(distribution=devices, **train))


def test_one_device_needs_nothing() -> None:
    assert set_up(config_for()) is ALONE


@pytest.mark.parametrize(
    ("config", "cluster", "message"),
    [
        (
            config_for("data:2"),
            None,
            "train.distribution=mesh:2:1 needs KERAS_BACKEND=jax, but this is tensorflow.\n"
            "docs/devices.md lists what each backend has.",
        ),
        (config_for(), TWO, "--cluster is for --distribution=multi_worker, data:N or experts:M."),
        (
            config_for("multi_worker"),
            None,
            "multi_worker needs to know the workers.\nGive every process "
            "--cluster=hostA:2222,hostB:2222 and its own --worker=0 or 1, or set TF_CONFIG.",
        ),
        (
            config_for("multi_worker"),
            TWO,
            "2 devices share the 1 micro-batches of a step, so some would have none.\n"
            "Raise train.accumulate or train.problems_per_step, or take fewer devices.",
        ),
    ],
)
def test_what_can_not_be_is_told(config: Config, cluster: Cluster | None, message: str) -> None:
    with pytest.raises(UserError) as caught:
        set_up(config, cluster)
    assert str(caught.value) == message


def test_as_many_micro_batches_run_side_by_side_as_devices() -> None:
    assert parallel_batches(config_for("mirrored:64", accumulate=64)) == 64
    assert parallel_batches(config_for("mirrored:64", accumulate=3)) == 3
