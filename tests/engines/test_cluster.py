"""Who trains a run together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from t2t_multimodel.engines.cluster import Cluster, find_cluster
from t2t_multimodel.errors import UserError

EXAMPLE = "give every process --cluster=hostA:2222,hostB:2222 and its own --worker=0 or 1"


def tf_config(cluster: dict[str, list[str]], kind: str, index: int) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})}


def test_flags_describe_a_cluster() -> None:
    assert find_cluster("a:1, b:2", 1, {}) == Cluster(("a:1", "b:2"), 1)
    assert find_cluster("", None, {}) is None


def test_flags_go_before_tf_config() -> None:
    environment = tf_config({"worker": ["x:1"]}, "worker", 0)
    assert find_cluster("a:1,b:2", 0, environment) == Cluster(("a:1", "b:2"), 0)


def test_tf_config_describes_a_cluster() -> None:
    environment = tf_config({"worker": ["a:1", "b:2"]}, "worker", 1)
    assert find_cluster("", None, environment) == Cluster(("a:1", "b:2"), 1)


def test_a_chief_of_tf_config_is_worker_0() -> None:
    jobs = {"chief": ["c:1"], "worker": ["a:1", "b:2"]}
    chief = find_cluster("", None, tf_config(jobs, "chief", 0))
    second = find_cluster("", None, tf_config(jobs, "worker", 1))
    assert chief == Cluster(("c:1", "a:1", "b:2"), 0) and chief.chief
    assert second == Cluster(("c:1", "a:1", "b:2"), 2) and not second.chief


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a:1", None, {}), "--cluster goes with --worker."),
        (("", 1, {}), "--worker goes with --cluster."),
        (("a", 0, {}), "--cluster: 'a' is not host:port."),
        (
            ("a:99999,b:2", 0, {}),
            "--cluster: 'a:99999' has port 99,999; ports are 1 to 65,535.",
        ),
        (("a:0,b:2", 0, {}), "--cluster: 'a:0' has port 0; ports are 1 to 65,535."),
        (("a:1,a:1", 0, {}), "--cluster names an address twice."),
        (("a:1,b:1", 2, {}), "--worker=2: the cluster has workers 0 to 1."),
        (
            ("", None, {"TF_CONFIG": "{}"}),
            "TF_CONFIG can not be read (KeyError: 'cluster').",
        ),
        (
            ("", None, tf_config({"ps": ["a:1"]}, "ps", 0)),
            "TF_CONFIG: this process is a 'ps'; only chief and worker train.",
        ),
    ],
)
def test_what_is_no_cluster_is_told(arguments: Any, message: str) -> None:
    with pytest.raises(UserError) as caught:
        find_cluster(*arguments)
    assert str(caught.value) == f"{message}\n{EXAMPLE}"
