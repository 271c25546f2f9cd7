"""What `train.distribution` says."""

from __future__ import annotations

import pytest

from t2t_multimodel import TrainConfig
from t2t_multimodel.config.distribution import Distribution, parse_distribution
from t2t_multimodel.errors import UserError
from t2t_multimodel.overrides import resolve

FIX = (
    "TensorFlow: --distribution=mirrored:2 (devices of one host) or multi_worker (processes); "
    "JAX: --distribution=data:2,experts:2. docs/devices.md explains them."
)


@pytest.mark.parametrize(
    ("entries", "parsed"),
    [
        ((), Distribution()),
        (("mirrored",), Distribution(mirrored=0)),
        (("mirrored:4",), Distribution(mirrored=4)),
        (("multi_worker",), Distribution(multi_worker=True)),
        (("data:2",), Distribution(data=2, mesh=True)),
        (("experts:4", "data:2"), Distribution(data=2, experts=4, mesh=True)),
    ],
)
def test_devices_are_read(entries: tuple[str, ...], parsed: Distribution) -> None:
    assert parse_distribution(entries) == parsed


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            ("miror",),
            "No distribution is named 'miror'. Did you mean 'mirrored'?\n"
            "Known: data, experts, mirrored, multi_worker.",
        ),
        (
            ("data:many",),
            "train.distribution: data needs a number of devices above 0, but has 'many'.\n" + FIX,
        ),
        (
            ("experts",),
            "train.distribution: experts needs a number of devices above 0, but has ''.\n" + FIX,
        ),
        (
            ("mirrored:0",),
            "train.distribution: mirrored needs a number of devices above 0, but has '0'.\n" + FIX,
        ),
        (
            ("multi_worker:2",),
            "train.distribution: multi_worker takes no number; the cluster says how many.\n" + FIX,
        ),
        (("data:2", "data:2"), "train.distribution names data twice.\n" + FIX),
        (
            ("mirrored:2", "experts:2"),
            "train.distribution: mirrored and experts do not go together.\n" + FIX,
        ),
    ],
)
def test_what_means_no_devices_is_told(entries: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError) as caught:
        TrainConfig(distribution=entries)
    assert str(caught.value) == message


def test_a_flag_and_an_hparam_say_the_same() -> None:
    flag = resolve("octet_quick", distribution=["data:2", "experts:2"])
    hparam = resolve("octet_quick", hparams="train.distribution=data:2+experts:2")
    assert flag.config == hparam.config
    assert flag.config.train.distribution == ("data:2", "experts:2")
    assert flag.origins["train.distribution"] == "--distribution"
