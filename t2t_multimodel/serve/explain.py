"""What the model looked at while it wrote an output, and which experts it asked.

Legend: L source positions, T output positions, k experts of a position.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from t2t_multimodel.config.base import of_kind
from t2t_multimodel.config.moe import ExpertsConfig
from t2t_multimodel.data.collate import collate
from t2t_multimodel.decode.lines import LONGEST
from t2t_multimodel.layers.capture import captured
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.problem import Problem


def explain(
    model: MultiModel, problem: Problem, tokenizers: dict[str, Any], array: Any, output: str
) -> dict[str, Any]:
    """One pass over an input and an output, with the true tokens before each one.

    Args:
        array: the input as the model takes it.
        output: as people write it: a text, or the name or number of a class.

    Returns:
        JSON-able:
        source: the words of the input's positions, or None where these have none.
        grid: height and width of the source positions; L is their product.
        target: the sub-words of the output, the end included.
        attention: for each layer that looks at the source its name, and weights [T, L], the mean
            over heads; those of a position sum to 1.
        experts: for each mixture its name, whether it sees the "source" or the "target", the
            number of its experts, and the ids [positions, k] that each position asked.

    Raises:
        ValueError: the output is none of the problem's, or longer than these may be.
    """
    targets = problem.targets
    if len(output) > LONGEST:
        raise ValueError(f"it has more than {LONGEST:,} characters")
    ids = targets.encode(targets.parse(output), problem.tokenizer("targets", tokenizers))
    longest = model.signature(problem.name).targets.max_length
    if targets.length(ids) > longest:
        raise ValueError(f"its {targets.length(ids):,} {targets.unit} are more than {longest:,}")
    batch = collate(
        [{"inputs": array, "targets": ids.reshape(targets.stored_shape())}], problem.features
    )
    with captured() as seen:
        encoded = model.encode(batch, problem.name)
        if not model.nets[model.signature(problem.name).targets.identity].reads_encoder:
            model.decode(encoded, batch["targets"], batch["targets_length"], problem.name)
    real = np.flatnonzero(np.asarray(encoded.mask_BL)[0])
    return {
        "source": _pieces(problem, "inputs", tokenizers, array),
        "grid": [int(np.asarray(size)) for size in encoded.grid],
        "target": _pieces(problem, "targets", tokenizers, ids) or [output],
        "attention": [
            {"layer": _layer(path), "weights": _rounded(weights, real)}
            for path, weights in seen.items()
            if path.endswith("source_attention")
        ],
        "experts": [
            _asked(model, path, np.asarray(ids_Nk), real)
            for path, ids_Nk in seen.items()
            if path.endswith("mixture")
        ],
    }


def _pieces(problem: Problem, name: str, tokenizers: dict[str, Any], ids: Any) -> list[str] | None:
    return problem.features[name].pieces(ids, problem.tokenizer(name, tokenizers))


def _layer(path: str) -> str:
    """multimodel/body/decoder/attention0/source_attention -> decoder/attention0"""
    return path.rpartition("body/")[2].rpartition("/")[0]


def _rounded(weights_BHTL: Any, real_L: np.ndarray) -> list[list[float]]:
    mean_TL = np.asarray(weights_BHTL, np.float32)[0].mean(axis=0)[:, real_L]
    return [[round(float(weight), 4) for weight in row] for row in mean_TL]


def _asked(model: MultiModel, path: str, ids_Nk: np.ndarray, real_L: np.ndarray) -> dict[str, Any]:
    of_source = "/encoder/" in f"/{path}"
    return {
        "layer": _layer(path),
        "of": "source" if of_source else "target",
        "number": of_kind(model.config.moe, ExpertsConfig).experts,
        "ids": (ids_Nk[real_L] if of_source else ids_Nk).tolist(),
    }
