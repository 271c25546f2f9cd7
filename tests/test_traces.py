"""A step of training and a position of decoding are traced once, in every variant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers.small_models import FLAT_CONFIGS, PROBLEMS, batch_for

from t2t_multimodel import Config, rates
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.decode.decoder import Decoder
from t2t_multimodel.engines import tensorflow as engine
from t2t_multimodel.multimodel import MultiModel

TRANSLATE = PROBLEMS[0]


def longer(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Two rows of the batch, filled up to more positions."""
    rows = {key: value[:2] for key, value in batch.items()}
    return {k: np.pad(v, [[0, 0], [0, 4]]) if v.ndim == 2 else v for k, v in rows.items()}


def counted(function: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    """The function, which adds its name to `calls` each time Python runs through it."""

    def count(*args: Any, **kwargs: Any) -> Any:
        calls.append(function.__name__)
        return function(*args, **kwargs)

    return count


@pytest.mark.parametrize("method", ["greedy", "beam"])
@pytest.mark.parametrize("variant", FLAT_CONFIGS)
def test_decoding(variant: str, method: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("encode", "step"):
        monkeypatch.setattr(MultiModel, name, counted(getattr(MultiModel, name), calls))
    model = MultiModel(FLAT_CONFIGS[variant], [TRANSLATE])
    decode = Decoder(model, "translate", DecodeConfig(method=method, beam_size=2, max_length=5))
    batch = batch_for(TRANSLATE)
    assert decode(batch).ids.shape == (3, 1, 5)
    assert decode(longer(batch)).ids.shape == (2, 1, 5)
    assert calls == ["encode", "step"]


@pytest.mark.parametrize("variant", FLAT_CONFIGS)
def test_training(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(engine, "problem_loss", counted(engine.problem_loss, calls))
    config = Config(problems=rates("translate"), model=FLAT_CONFIGS[variant])
    trained = engine.TensorFlowEngine(MultiModel(config.model, [TRANSLATE]), config)
    batch = batch_for(TRANSLATE)
    for draw, one in enumerate((batch, longer(batch), batch)):
        trained.compute("translate", one, draw)
    assert calls == ["problem_loss"]
