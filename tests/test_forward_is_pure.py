"""A pass through the model changes no variable, whatever the network and the problem."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from helpers.small_models import EN_DE, FLAT_CONFIGS, PROBLEMS, batch_for

from t2t_multimodel.config import PaperNetsConfig
from t2t_multimodel.config.tree import updated
from t2t_multimodel.layers.base import Block, sublayers
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.losses import problem_loss
from t2t_multimodel.multimodel import MultiModel

OCTET = FLAT_CONFIGS["octet"]
NETWORKS = {
    **{name: updated(one, {"moe.balance_rate": 0.1}) for name, one in FLAT_CONFIGS.items()},
    "balanced router of tasks": updated(OCTET, {"moe.balance_rate": 0.1, "moe.task_router": True}),
    "spelling": OCTET.replace(ctc_weight=1.0, word_dropout=0.2),
    "two levels": updated(OCTET, {"moe.groups": 2, "moe.z_loss_weight": 1e-3}),
    "nothing for experts": updated(OCTET, {"moe": "none"}),
    "dense for experts": updated(OCTET, {"moe": "dense_params"}),
    "no attention": updated(OCTET, {"body.attention": "source_mean"}),
    "normed queries": updated(OCTET, {"body.attention.qk_norm": True}),
    "labels decoded": updated(OCTET, {"nets.class_path": "decoder"}),
    "bfloat16": updated(OCTET, {"precision": "mixed_bfloat16", "moe.balance_rate": 0.1}),
}


@pytest.mark.parametrize("network", NETWORKS)
def test_no_layer_assigns_a_variable(network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spellings = {EN_DE.identity: np.full((EN_DE.size, 1), 97, np.uint8)}
    model = MultiModel(NETWORKS[network], PROBLEMS, spellings)
    called: set[str] = set()
    values = {v.path: np.array(v.numpy()) for v in model.variables}
    call_of_layers = keras.layers.Layer.__call__

    def noted(self: Any, *arguments: Any, **named: Any) -> Any:
        called.add(self.path)
        return call_of_layers(self, *arguments, **named)

    def refused(variable: Any, *_: Any) -> None:
        raise AssertionError(f"{variable.path} is assigned.")

    monkeypatch.setattr(keras.layers.Layer, "__call__", noted)
    monkeypatch.setattr(keras.Variable, "assign", refused)
    for problem in PROBLEMS:
        batch = batch_for(problem)
        problem_loss(model, batch, problem.name, training=True, seed=StepSeed(1))
        model(batch, problem=problem.name)
    monkeypatch.undo()
    below = sublayers(model, all_levels=True)
    layers = {layer.path for layer in below if type(layer).call is not Block.call}
    nets = NETWORKS[network].nets
    decoded = isinstance(nets, PaperNetsConfig) and nets.class_path == "decoder"
    # labels that are read off the encoder have no targets for a command to open
    assert layers - called == (set() if decoded else {"multimodel/command_to_label"})
    assert {v.path for v in model.variables if not np.array_equal(v, values[v.path])} == set()


def test_an_assignment_in_a_pass_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def call(self: Any, x: Any, **_: Any) -> Any:
        self.scale.assign(self.scale + 1.0)
        return x

    monkeypatch.setattr("t2t_multimodel.layers.norm.LayerNorm.call", call)
    with pytest.raises(AssertionError, match="norm/scale is assigned."):
        test_no_layer_assigns_a_variable("octet", monkeypatch)
