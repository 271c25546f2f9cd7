"""The files of a table: `results.json`, and beside it `results.examples.json`, every example."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.errors import UserError, printable
from t2t_multimodel.evaluate.result import Output, Result, Tempered
from t2t_multimodel.evaluate.table import Row


def store(rows: Sequence[Row], file: Path) -> None:
    """Writes the scores to `file` and what they were computed from beside it."""
    _write(examples_file(file), json.dumps([_to_dict(row.result) for row in rows]))
    _write(file, json.dumps([row.to_dict() for row in rows], indent=1))


def load_results(file: Path) -> list[Result]:
    """The results behind a table that was stored, ready to be compared with others.

    Args:
        file: a `results.json`, or the folder of a run, which has one.

    Raises:
        UserError: a file is not there or is not one of these.
    """
    file = file / "results.json" if file.is_dir() else file
    if not file.is_file():
        raise UserError(f"{file} does not exist.", fix="It is what mm-eval --json=FILE writes.")
    examples = examples_file(file)
    if not examples.is_file():
        raise UserError(
            f"{examples} does not exist; it holds the examples behind {file.name}.",
            fix=f"Write both: mm-eval --output_dir=RUN --json={file}",
        )
    try:
        return [result_of(values) for values in json.loads(examples.read_text())]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{examples} is no file of mm-eval: {error!r}.") from error


def examples_file(file: Path) -> Path:
    """`results.examples.json` for `results.json`."""
    return file.with_suffix(f".examples{file.suffix}")


def _write(file: Path, text: str) -> None:
    with written_by_rename(file) as stream:
        stream.write(printable(text).encode())


def _to_dict(result: Result) -> dict[str, Any]:
    return {
        "problem": result.problem,
        "split": result.split,
        "fingerprint": result.fingerprint,
        "shuffled_sources": result.shuffled_sources,
        "metrics": result.metrics,
        "loss": result.loss,
        "numbers": result.numbers.tolist(),
        "counts": result.counts.tolist(),
        "tempered": None if result.tempered is None else _tempered_to_dict(result.tempered),
        "outputs": [
            {"number": one.number, "target": _plain(one.target), "output": _plain(one.output)}
            for one in result.outputs
        ],
    }


def _tempered_to_dict(tempered: Tempered) -> dict[str, Any]:
    return {**vars(tempered), "nats": tempered.nats.tolist()}


def _tempered_of(values: dict[str, Any] | None) -> Tempered | None:
    if values is None:
        return None
    return Tempered(**{**values, "nats": np.asarray(values["nats"], np.float64)})


def _plain(value: Any) -> Any:
    """A target or an output in JSON: real numbers keep their type, so that scores stay equal."""
    array = np.asarray(value)
    if array.dtype.kind == "f":
        return {"dtype": str(array.dtype), "values": array.tolist()}
    return value if isinstance(value, str) else array.tolist()


def result_of(values: dict[str, Any]) -> Result:
    """One item of `results.examples.json`. Raises `KeyError` or `TypeError` if it is none."""
    return Result(
        problem=values["problem"],
        split=values["split"],
        fingerprint=values["fingerprint"],
        numbers=np.asarray(values["numbers"]),
        counts=np.asarray(values["counts"], np.float64),
        outputs=tuple(
            Output(one["number"], _target(one["target"]), _output(one["output"]))
            for one in values["outputs"]
        ),
        metrics=tuple(values["metrics"]),
        loss=values.get("loss", ""),
        tempered=_tempered_of(values.get("tempered")),
        shuffled_sources=values["shuffled_sources"],
    )


def _target(target: Any) -> Any:
    """Several texts are a list in JSON."""
    return tuple(target) if isinstance(target, list) else _output(target)


def _output(output: Any) -> Any:
    """A text, ranked classes, or values."""
    if isinstance(output, dict):
        return np.asarray(output["values"], output["dtype"])
    return output
