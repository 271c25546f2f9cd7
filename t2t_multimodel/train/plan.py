"""What a run will be, told before its first step: mixture, batches, parameters, memory."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import registry
from t2t_multimodel.config import Config, DataConfig, MixtureConfig
from t2t_multimodel.data import vocab
from t2t_multimodel.data.batching import batch_share, rows_of
from t2t_multimodel.data.dataset import DataSet
from t2t_multimodel.data.mixture import make_mixture
from t2t_multimodel.data.strategies import Sizes
from t2t_multimodel.data.stream import train_buckets
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import Feature, ProblemSignature
from t2t_multimodel.problem import Declared, Problem
from t2t_multimodel.train.engine import parallel_batches
from t2t_multimodel.train.footprint import Footprint, Shapes, footprints

FLOAT = 4  # bytes of a weight, of its gradient, of each slot


@dataclasses.dataclass(frozen=True)
class BucketPlan:
    """Micro-batches of one bucket."""

    examples: int
    rows: int
    inputs: int
    """Longest inputs: tokens, frames, samples or pixels."""
    targets: int
    """Longest targets in tokens; 1 for class labels."""
    padding: float
    """Part of inputs and targets that is padding, all rows as long as the longest."""


@dataclasses.dataclass(frozen=True)
class ProblemPlan:
    """What one problem will get."""

    problem: str
    source: str
    """Where its sizes come from: a folder of records, or "declared"."""
    share: float
    """Of all micro-batches of the run."""
    micro_batches: float
    examples: int
    """Of the train split, as far as the run uses it."""
    epochs: float
    rows: float
    """Examples of a micro-batch, in the mean."""
    inputs: float
    """Length of the inputs of a micro-batch without padding, in the mean."""
    targets: float
    """Tokens of the targets of a micro-batch without padding, in the mean."""
    buckets: tuple[BucketPlan, ...]
    """Empty where the lengths of single examples are not known."""

    @property
    def padding(self) -> float | None:
        """Part of all positions that is padding; None where it is not known."""
        if not self.buckets:
            return None
        cells = [one.examples * (one.inputs + one.targets) for one in self.buckets]
        filled = [c * (1 - one.padding) for c, one in zip(cells, self.buckets, strict=True)]
        return 1 - sum(filled) / sum(cells)


@dataclasses.dataclass(frozen=True)
class Memory:
    """Estimated bytes of training, without the program itself."""

    parameters: int
    slots: int
    """Of the optimizer."""
    gradients: int
    activations: int

    @property
    def total(self) -> int:
        return self.parameters + self.slots + self.gradients + self.activations


@dataclasses.dataclass(frozen=True)
class Plan:
    """Of a whole run."""

    steps: int
    batches_per_step: int
    problems: tuple[ProblemPlan, ...]
    parameters: int
    footprints: dict[str, Footprint]
    memory: Memory

    def to_dict(self) -> dict[str, Any]:
        """JSON-able values."""
        values = dataclasses.asdict(self)
        for row, plan in zip(values["problems"], self.problems, strict=True):
            row["padding"] = plan.padding
        values["memory"]["total"] = self.memory.total
        values["targets_per_step"] = self.per_step("targets")
        values["examples_per_step"] = self.per_step("rows")
        return values

    def per_step(self, field: str) -> float:
        """Mean of `targets`, `inputs` or `rows` of a step, over all its micro-batches."""
        total = sum(one.micro_batches * getattr(one, field) for one in self.problems)
        return total / self.steps


@dataclasses.dataclass(frozen=True)
class _Known:
    """What is known of a problem's data."""

    source: str
    sizes: Sizes
    signature: ProblemSignature
    largest: Shapes
    """Of a micro-batch."""
    inputs: float
    """Sum over all train examples."""
    targets: float
    buckets: tuple[BucketPlan, ...] = ()


def make_plan(config: Config, data_dir: Path) -> Plan:
    """The plan of a run; nothing is trained, written or allocated.

    Args:
        config: of the run.
        data_dir: sizes are those of the records there, else those that problems declare.

    Raises:
        UserError: a problem has no records and declares no sizes.
    """
    known = {name: _look(name, config, data_dir) for name in config.rates}
    planned = config
    if config.mixture.strategy == "adaptive":  # whose losses are not known: by the rates alone
        planned = config.replace(mixture=MixtureConfig())
    mixture = make_mixture(planned, {name: one.sizes for name, one in known.items()})
    asked = mixture.asked(config.train.steps)
    total = sum(asked.values())
    problems = tuple(_problem_plan(name, one, asked[name], total) for name, one in known.items())
    parameters, prints = footprints(
        config,
        [one.signature for one in known.values()],
        {name: one.largest for name, one in known.items()},
    )
    memory = estimate_memory(config, parameters, prints)
    per_step = config.batches_per_step
    return Plan(config.train.steps, per_step, problems, parameters, prints, memory)


def _problem_plan(name: str, known: _Known, asked: float, total: float) -> ProblemPlan:
    sizes = known.sizes
    return ProblemPlan(
        problem=name,
        source=known.source,
        share=asked / total,
        micro_batches=asked,
        examples=sizes.examples,
        epochs=asked / sizes.batches,
        rows=sizes.examples / sizes.batches,
        inputs=known.inputs / sizes.batches,
        targets=known.targets / sizes.batches,
        buckets=known.buckets,
    )


def estimate_memory(config: Config, parameters: int, prints: dict[str, Footprint]) -> Memory:
    """Bytes of a training step at its largest.

    Weights, two slots of Adam and perhaps a moving average, the sum of a step's gradients beside
    those of the micro-batches that are computed at once and of one that waits, and what the
    forward passes at once keep for their backward passes.
    """
    parallel = min(parallel_batches(config), config.batches_per_step)
    touched = max(one.parameters for one in prints.values())
    slots = 3 if config.optimizer.ema_decay else 2
    return Memory(
        parameters=FLOAT * parameters,
        slots=slots * FLOAT * parameters,
        gradients=FLOAT * touched * min(2 + parallel, 1 + config.batches_per_step),
        activations=parallel * max(one.activations for one in prints.values()),
    )


def _look(name: str, config: Config, data_dir: Path) -> _Known:
    problem: Problem = registry.problems.get(name)()
    problem.check_declared()
    found = find_records(problem, data_dir, config.data.vocab_size)
    if found is not None:
        return _from_records(problem, *found, config)
    if problem.declared is not None:
        signature = declared_signature(name, config.data.vocab_size)
        return _from_declared(problem, problem.declared, signature, config.data.of(name))
    raise UserError(
        f"Problem {name!r} has no records in {data_dir} and declares no sizes to plan with.",
        fix=f"make the records: mm-datagen --problems={name} --data_dir={data_dir}",
    )


def find_records(
    problem: Problem, data_dir: Path, vocab_size: int | None
) -> tuple[Path, dict[str, int]] | None:
    """The newest folder with train records of the problem as it is declared now.

    Returns:
        The folder, and the size of each vocabulary by its identity; None if there is no folder.
    """
    features = {name: repr(feature) for name, feature in problem.features.items()}
    manifests = (data_dir / problem.name).glob("*/train.json")
    for manifest in sorted(manifests, key=lambda path: path.stat().st_mtime, reverse=True):
        facts = json.loads(manifest.read_text()).get("made_from", {})
        sizes = {one: int(one.split("-")[-2]) for one in facts.get("vocabularies", {}).values()}
        fits = vocab_size is None or all(size <= vocab_size for size in sizes.values())
        if facts.get("features") == features and facts.get("version") == problem.version and fits:
            return manifest.parent, {k: sizes[v] for k, v in facts["vocabularies"].items()}
    return None


class _Declared:
    """Stands in for a vocabulary of which only name and size are known."""

    def __init__(self, name: str, size: int) -> None:
        self.size, self.identity = size, f"{name}-{size}"

    def encode(self, text: str, symbols: bool = False) -> list[int]:
        raise NotImplementedError("a vocabulary of a plan holds no pieces")

    def decode(self, ids: list[int]) -> str:
        raise NotImplementedError("a vocabulary of a plan holds no pieces")


def declared_signature(name: str, vocab_size: int | None = None) -> ProblemSignature:
    """The signature of a problem with vocabularies as large as they are declared.

    Args:
        name: registered problem.
        vocab_size: ids of every vocabulary; None: as each declares.
    """
    problem: Problem = registry.problems.get(name)()
    return problem.signature(
        {
            one: _Declared(one, vocab_size or vocab.declared(one, problem).size)
            for one in problem.vocabularies()
        }
    )


def _from_records(
    problem: Problem, folder: Path, vocabularies: dict[str, int], config: Config
) -> _Known:
    dataset = DataSet(folder, "train", problem.features)
    data = config.data.of(problem.name)
    made = train_buckets(dataset, data, config.train.seed, problem.name)
    inputs, targets = (dataset.lengths[name].astype(int) for name in ("inputs", "targets"))
    plans = []
    for bucket in made:
        members = bucket.members
        longest = int(inputs[members].max()), int(targets[members].max())
        filled = inputs[members].sum() + targets[members].sum()
        padding = float(1 - filled / (len(members) * sum(longest)))
        plans.append(BucketPlan(len(members), bucket.rows, *longest, padding))
    largest = max(plans, key=lambda one: one.rows * (one.inputs + one.targets))
    used = np.concatenate([bucket.members for bucket in made])
    tokenizers = {name: _Declared(name, size) for name, size in vocabularies.items()}
    signature = problem.signature(dict(tokenizers))
    return _Known(
        source=str(folder),
        sizes=Sizes(len(used), sum(one.examples / one.rows for one in plans)),
        signature=signature,
        largest=_shapes(signature, largest.rows, largest.inputs, largest.targets),
        inputs=float(inputs[used].sum()),
        targets=float(targets[used].sum()),
        buckets=tuple(plans),
    )


def _from_declared(
    problem: Problem, declared: Declared, signature: ProblemSignature, data: DataConfig
) -> _Known:
    """All examples taken for as long as the mean."""
    examples = declared.examples["train"]
    examples = min(examples, data.max_examples or examples)
    means = {"inputs": declared.inputs_length, "targets": declared.targets_length}
    units: dict[str, np.ndarray] = {}
    lengths: dict[str, float] = {}
    for name, feature in problem.features.items():
        lengths[name] = _mean_length(feature, means[name], getattr(signature, name).max_length)
        if feature.unit:
            length = lengths[name] / feature.per_unit
            units[feature.unit] = np.maximum(units.get(feature.unit, 0), np.array([length]))
    rows = rows_of(float(batch_share(units, data)[0]))
    return _Known(
        source="declared",
        sizes=Sizes(examples, examples / rows),
        signature=signature,
        largest=_shapes(signature, rows, round(lengths["inputs"]), round(lengths["targets"])),
        inputs=examples * lengths["inputs"],
        targets=examples * lengths["targets"],
    )


def _mean_length(feature: Feature, declared: float, most: int) -> float:
    """In the units of `Feature.length`; an image's is its size."""
    return most if feature.unit == "pixels" else declared * feature.per_unit


def _shapes(signature: ProblemSignature, rows: int, inputs: int, targets: int) -> Shapes:
    shapes: Shapes = {"inputs_length": (rows,), "targets_length": (rows,)}
    for name, length in (("inputs", inputs), ("targets", targets)):
        sizes = getattr(signature, name).shape
        shapes[name] = (rows, *(length if size is None else size for size in sizes))
    return shapes
