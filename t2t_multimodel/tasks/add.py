"""Does the work of `mm-add-task`: a trained model grows by new problems, and trains on them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from t2t_multimodel import storage
from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.checkpoints.recorded_features import check_features
from t2t_multimodel.config import Config, ProblemRate, RateFactor
from t2t_multimodel.data.datagen import prepare
from t2t_multimodel.data.raw_dirs import RawDir
from t2t_multimodel.engines.engine import parallel_batches, share_cores
from t2t_multimodel.evaluate.evaluator import Evaluator
from t2t_multimodel.evaluate.final import final_result
from t2t_multimodel.evaluate.result import Result
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.overrides import Overrides, Resolved, origins_of, recorded, resolve
from t2t_multimodel.runs.run_folder import RunFolder
from t2t_multimodel.tasks import forgetting
from t2t_multimodel.tasks.forgetting import Forgetting
from t2t_multimodel.train.main import train
from t2t_multimodel.train.parts import parts_of

BodySpeed = Literal["frozen", "slow", "free"]
FACTORS: dict[BodySpeed, float] = {"frozen": 0.0, "slow": 0.1, "free": 1.0}
"""Factor of the learning rate of all that the old run had."""


@dataclass(frozen=True, kw_only=True)
class AddRequest:
    """Says what is to be added, and how."""

    problems: Sequence[ProblemRate]
    """`problems` are trained on: new ones, and old ones to be rehearsed."""
    body: BodySpeed = "frozen"
    hparams: str = ""
    """Further settings, "train.seed=1"."""
    train_steps: int | None = None
    """None: as many as the old run."""


def add_task(
    source: Path,
    checkpoint: Checkpoint,
    request: AddRequest,
    data_dir: Path,
    raw_dir: RawDir,
    output_dir: Path,
) -> Forgetting | None:
    """Trains a run that begins with a checkpoint's weights and knows more problems.

    All variables of the grown model exist before its optimizer does. The problems of the old run
    stay in the model; those that are not named again have rate 0.

    Args:
        source: run or checkpoint folder, as the user named it.
        checkpoint: of it.
        request: what to add.
        data_dir: for encoded data; what is missing is made.
        raw_dir: where the user keeps raw files.
        output_dir: folder of the new run; one that was stopped goes on.

    Returns:
        The forgetting table, which is printed and stored in the folder as `forgetting.json`; None
        if SIGTERM or SIGINT stopped the run.
    """
    model = checkpoint.model()
    resolved = settings(source, checkpoint, list(parts_of(model)), request)
    RunFolder(output_dir).check_settings(resolved.config)
    share_cores(parallel_batches(resolved.config))
    file = output_dir / "forgetting.json"
    if not file.is_file():
        print(f"Scoring the problems of {storage.shown(checkpoint.path)} before anything changes.")
        before = forgetting.scored(_evaluate(checkpoint, model, resolved.config, data_dir, raw_dir))
        forgetting.store(Forgetting(str(checkpoint.path), before, {}), file)
    del model
    rows = train(resolved, data_dir, raw_dir, output_dir)
    if not rows:
        return None
    begun = forgetting.load(file)
    after = forgetting.scored(row.result for row in rows if row.result.problem in begun.before)
    table = dataclasses.replace(begun, after=after)
    forgetting.store(table, file)
    forgetting.print_forgetting(table)
    return table


def settings(
    source: Path, checkpoint: Checkpoint, parts: Sequence[str], request: AddRequest
) -> Resolved:
    """The old run's settings with what the request changes, each with its origin.

    Args:
        source: run or checkpoint folder, as the user named it.
        checkpoint: of it.
        parts: of its model; all of them get the factor of `request.body`.
        request: what to add.

    Raises:
        UserError: an unknown name, or a value of the wrong type or out of range.
    """
    old = checkpoint.config()
    trained = {one.name for one in request.problems if one.rate}
    named = {one.name for one in request.problems}
    kept = [ProblemRate(name=name, rate=0.0) for name in old.rates if name not in named]
    factor = FACTORS[request.body]
    factors = [RateFactor(part=part, factor=factor) for part in parts if factor != 1.0]
    weights = [one for one in old.train.loss_weights if one.problem in trained]
    config = old.replace(
        problems=(*kept, *request.problems),
        optimizer=old.optimizer.replace(rate_factors=tuple(factors)),
        train=old.train.replace(warm_start=str(source), loss_weights=tuple(weights)),
    )
    run = recorded(source)
    name = run.set_name if run else checkpoint.path.name
    origins = run.origins if run else origins_of(old, f"checkpoint {source}")
    origins |= {
        "problems": "--problems",
        "optimizer.rate_factors": "--body",
        "train.warm_start": "--from",
    }
    return resolve(
        Resolved(name, config, origins),
        Overrides(hparams=request.hparams, train_steps=request.train_steps),
    )


def _evaluate(
    checkpoint: Checkpoint,
    model: MultiModel,
    config: Config,
    data_dir: Path,
    raw_dir: RawDir,
) -> list[Result]:
    """The old problems as the final table will score them again."""
    check_features(checkpoint, checkpoint.problems([]))
    names, tokenizers = checkpoint.problems([]), checkpoint.tokenizers()
    prepared = prepare(names, data_dir, raw_dir, config, tokenizers)
    evaluator, how = Evaluator(model, prepared, config), config.evaluate
    return [final_result(evaluator, how, name) for name in prepared]
