"""Does the work of `mm-eval`: scores a checkpoint alone on its problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from t2t_multimodel import overrides, storage
from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.checkpoints.recorded_features import check_features
from t2t_multimodel.config import Config
from t2t_multimodel.config.tree import flatten
from t2t_multimodel.data.datagen import prepare
from t2t_multimodel.data.raw_dirs import RawDir
from t2t_multimodel.engines.engine import parallel_batches, share_cores
from t2t_multimodel.errors import UserError
from t2t_multimodel.evaluate.compare import compare, print_comparison
from t2t_multimodel.evaluate.evaluator import Evaluator, check_split
from t2t_multimodel.evaluate.final import final_result
from t2t_multimodel.evaluate.results_file import load_results, store
from t2t_multimodel.evaluate.table import Row, print_table, with_baselines
from t2t_multimodel.multimodel import MultiModel


@dataclass(frozen=True, kw_only=True)
class EvalRequest:
    """Says what is scored, and what becomes of the scores."""

    problems: Sequence[str] = ()
    """`problems` are scored; if there are none, all problems of the model are."""
    split: str | None = None
    """None: the config's `evaluate.final_split`."""
    shuffle_sources: bool = False
    """Exchanges the inputs among the examples."""
    data_dir: Path = Path("data")
    """Folder of encoded data; what is missing is made with the checkpoint's vocabularies."""
    raw_dir: RawDir = None
    """The user keeps raw files in `raw_dir`."""
    json_file: Path | None = None
    """The rows are written into `json_file` as well."""
    compare_with: Path | None = None
    """A table that was stored, or a run's folder, to be compared with."""
    hparams: str = ""
    """Other settings of `FINAL_SETTINGS` than the checkpoint's, such as
    evaluate.decode_examples=2000,evaluate.beam_size=4."""


FINAL_SETTINGS = tuple(
    f"evaluate.{name}"
    for name in (
        *("split", "final_split", "final_examples", "decode_examples", "temperature_examples"),
        *("beam_size", "resamples"),
    )
)
"""The hparams that decide how a checkpoint is scored."""


def evaluate_checkpoint(checkpoint: Checkpoint, request: EvalRequest | None = None) -> list[Row]:
    """Scores a checkpoint; prints the same table as the end of its training."""
    request = request or EvalRequest()
    compare_with = request.compare_with
    others = load_results(compare_with) if compare_with else []
    rows = scored_rows(checkpoint, request)
    print(f"{storage.shown(checkpoint.path)}, step {checkpoint.step:,}")
    print_table(rows)
    if request.json_file is not None:
        store(rows, request.json_file)
    if compare_with is not None:
        results = [row.result for row in rows]
        found = compare(results, others, checkpoint.config().evaluate.resamples)
        print_comparison(found, str(checkpoint.path), str(compare_with))
    return rows


def scoring_config(checkpoint: Checkpoint, hparams: str) -> Config:
    """The checkpoint's settings with others of `FINAL_SETTINGS`, as `evaluate.beam_size=4`.

    Raises:
        UserError: an unknown name, a wrong value, or a setting that scores no checkpoint.
    """
    old = checkpoint.config()
    base = overrides.Resolved("", old, overrides.origins_of(old, "the checkpoint"))
    new = overrides.resolve(base, overrides.Overrides(hparams=hparams)).config
    before, after = flatten(old), flatten(new)
    for path in sorted({*before, *after}):
        if before.get(path) != after.get(path) and path not in FINAL_SETTINGS:
            raise UserError(
                f"{path} has no effect on the scores of a checkpoint.",
                fix=f"mm-eval takes these: {', '.join(FINAL_SETTINGS)}.",
            )
    return new


def scored_rows(
    checkpoint: Checkpoint, request: EvalRequest, model: MultiModel | None = None
) -> list[Row]:
    """The scores of a checkpoint beside their baselines; nothing of the table is printed.

    Args:
        checkpoint: of the model.
        request: what is scored.
        model: the checkpoint's, if it is loaded already.

    Raises:
        UserError: the model does not know a problem, no problem has the split, or raw files are
            missing.
    """
    config = scoring_config(checkpoint, request.hparams)
    names = checkpoint.problems(request.problems)
    check_features(checkpoint, names)
    share_cores(parallel_batches(config))
    tokenizers = checkpoint.tokenizers()
    prepared = prepare(names, request.data_dir, request.raw_dir, config, tokenizers)
    settings = config.evaluate
    split = request.split or settings.final_split
    check_split(split, prepared)
    evaluator = Evaluator(model or checkpoint.model(), prepared, config)
    results = [
        final_result(evaluator, settings, name, split, request.shuffle_sources) for name in names
    ]
    return with_baselines(results, prepared, settings.resamples)
