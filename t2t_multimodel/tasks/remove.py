"""Does the work of `mm-remove-task`: drops problems of a run, and what only they need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from t2t_multimodel import storage
from t2t_multimodel.checkpoints import warm_start
from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.checkpoints.saving import Snapshot, write
from t2t_multimodel.config import Config, ScheduledMixtureConfig
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.engines.engine import value_of
from t2t_multimodel.errors import UserError
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.overrides import Resolved, origins_of, recorded
from t2t_multimodel.runs.run_folder import RunFolder
from t2t_multimodel.train.parts import parts_of


def remove_task(
    source: Path, checkpoint: Checkpoint, problems: Sequence[str], output_dir: Path
) -> Checkpoint:
    """Writes a run folder with a checkpoint of the same step whose model lacks the problems.

    Nets, command tokens and vocabularies that only they use are left out, and the optimizer's
    slots with them. What stays is equal bit by bit: `mm-trainer --output_dir=...` goes on.

    Args:
        source: run or checkpoint folder, as the user named it.
        checkpoint: of it.
        problems: to be left out.
        output_dir: a new folder.

    Raises:
        UserError: no problem that is trained would be left, or the folder holds a run.
    """
    if (output_dir / "config.json").exists():
        raise UserError(f"{output_dir} holds a run already.", fix="Give another --output_dir.")
    config = without(checkpoint.config(), problems)
    old = checkpoint.model()
    kept = [one for name, one in old.problems.items() if name not in problems]
    model = MultiModel(config.model, kept, old.spellings, name=old.name)
    taken = warm_start.take(model, old)
    parts = parts_of(model)
    factors = tuple(one for one in config.optimizer.rate_factors if one.part in parts)
    config = config.replace(optimizer=config.optimizer.replace(rate_factors=factors))
    state = checkpoint.state
    state |= {"config": config.to_dict(), "best": {}}
    if state.get("mixture") is not None:  # averages of losses, a column for each trained problem
        columns = _columns(checkpoint.config(), problems)
        state["mixture"] = [[row[i] for i in columns] for row in state["mixture"]]
    for section in ("positions", "data", "features"):
        known = state.get(section, {}).items()
        state[section] = {k: v for k, v in known if k not in problems}
    paths = {variable.path for variable in model.variables}
    slots = {k: v for k, v in checkpoint.optimizer().items() if k.partition("/")[2] in paths}
    snapshot = Snapshot(
        model, [value_of(v) for v in model.variables], slots, _used(checkpoint, model), state
    )
    folder = RunFolder(output_dir)
    folder.record(_resolved(source, config), state["data"])
    written = write(folder.checkpoints, snapshot)
    there, of = storage.shown(written.path), storage.shown(checkpoint.path)
    print("\n".join([f"{there}, of {of}:", *taken.lines()]))
    return written


def without(config: Config, problems: Sequence[str]) -> Config:
    """The config of a run that never knew the problems.

    Raises:
        UserError: it would train nothing.
    """
    kept = tuple(one for one in config.problems if one.name not in problems)
    if not any(one.rate for one in kept):
        raise UserError(
            f"Without {', '.join(problems)} the run would train nothing; "
            f"it trains {', '.join(config.trained)}.",
            fix="Train others first: mm-trainer --warm_start=RUN --problems=...",
        )
    weights = tuple(one for one in config.train.loss_weights if one.problem not in problems)
    budgets = tuple(one for one in config.data.budgets if one.problem not in problems)
    mixture = config.mixture
    if isinstance(mixture, ScheduledMixtureConfig):
        columns = _columns(config, problems)
        points = [
            point.replace(rates=tuple(point.rates[i] for i in columns)) for point in mixture.points
        ]
        mixture = mixture.replace(points=tuple(points))
    return config.replace(
        problems=kept,
        data=config.data.replace(budgets=budgets),
        mixture=mixture,
        train=config.train.replace(loss_weights=weights),
    )


def _columns(config: Config, problems: Sequence[str]) -> list[int]:
    """Places, among the trained problems, of those that stay."""
    return [i for i, name in enumerate(config.trained) if name not in problems]


def _used(checkpoint: Checkpoint, model: MultiModel) -> dict[str, SubwordTokenizer]:
    """The vocabularies that the model still has a net for."""
    tokenizers = checkpoint.tokenizers().items()
    return {name: one for name, one in tokenizers if f"text/{one.identity}" in model.nets}


def _resolved(source: Path, config: Config) -> Resolved:
    run = recorded(source)
    if run is None:
        return Resolved(source.name, config, origins_of(config, f"checkpoint {source}"))
    return Resolved(run.set_name, config, run.origins | {"problems": "mm-remove-task"})
