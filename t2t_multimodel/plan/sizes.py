"""Finds what is known of a problem's data before a run: from its records, or as declared."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from t2t_multimodel import registry
from t2t_multimodel.config import Config, DataConfig
from t2t_multimodel.data import vocab
from t2t_multimodel.data.batching import batch_share, rows_of
from t2t_multimodel.data.datagen import prepare
from t2t_multimodel.data.dataset import DataSet
from t2t_multimodel.data.kept import fetch_problem
from t2t_multimodel.data.raw_dirs import RawDir, as_raw_dirs
from t2t_multimodel.data.strategies import Sizes
from t2t_multimodel.data.stream import train_buckets
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.errors import UserError
from t2t_multimodel.features import Feature, ProblemSignature
from t2t_multimodel.plan.footprint import Shapes
from t2t_multimodel.problem import Declared, Problem
from t2t_multimodel.side_files import read_or


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
class Known:
    """Holds what is known of a problem's data."""

    source: str
    sizes: Sizes
    signature: ProblemSignature
    largest: Shapes
    """`largest` holds the largest shapes of a micro-batch."""
    inputs: float
    """Sum over all train examples."""
    targets: float
    buckets: tuple[BucketPlan, ...] = ()


def look(name: str, config: Config, data_dir: Path) -> Known:
    """Finds what is known of a problem.

    Raises:
        UserError: it has no records and declares no sizes.
    """
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


def make_records(config: Config, data_dir: Path, raw_dir: RawDir) -> None:
    """Makes the records of problems that ship their data, where a plan needs them.

    Training makes the same ones. A problem that declares its sizes needs none, and one that needs
    raw files gets its records only if `raw_dir` names a folder for it.

    Raises:
        UserError: raw files are missing or unreadable.
    """
    missing = []
    for name in config.rates:
        problem: Problem = registry.problems.get(name)()
        problem.check_declared()
        there = not problem.how_to_get or as_raw_dirs(raw_dir).of(name) is not None
        unknown = problem.declared is None
        if there and unknown and find_records(problem, data_dir, config.data.vocab_size) is None:
            missing.append(name)
    if missing:
        print(f"The plan needs the sizes of {', '.join(missing)}: their records are made first.")
        prepare(missing, data_dir, raw_dir, config)


def find_records(
    problem: Problem, data_dir: Path, vocab_size: int | None
) -> tuple[Path, dict[str, int]] | None:
    """The newest folder with train records of the problem as it is declared now.

    Args:
        problem: as it is now.
        data_dir: with the records and the vocabularies.
        vocab_size: ids of every vocabulary that a run would ask for; None: as each declares.

    Returns:
        The folder, and the size of each vocabulary by its identity; None if there is no folder.
    """
    features = {name: repr(feature) for name, feature in problem.features.items()}
    fetch_problem(data_dir, problem.name)
    manifests = (data_dir / problem.name).glob("*/train.json")
    for manifest in sorted(manifests, key=lambda path: path.stat().st_mtime, reverse=True):
        facts: dict[str, Any] = read_or(manifest, {}, lambda value: dict(value["made_from"]), print)
        vocabularies = facts.get("vocabularies", {})
        sizes = {one: int(one.split("-")[-2]) for one in vocabularies.values()}
        fits = all(
            (vocab_size or vocab.declared(name, problem).size) in _asked(identity, data_dir)
            for name, identity in vocabularies.items()
        )
        if facts.get("features") == features and facts.get("version") == problem.version and fits:
            return manifest.parent, {k: sizes[v] for k, v in facts["vocabularies"].items()}
    return None


def _asked(identity: str, data_dir: Path) -> set[int]:
    """The sizes that were asked for when this vocabulary was learned.

    A small corpus yields fewer ids than asked for. A vocabulary that a checkpoint brought may have
    no file: then it is its own size.
    """
    name, size, _ = identity.rsplit("-", 2)
    asked = set()
    for file in (data_dir / "vocab").glob(f"{name}-*.model"):
        stem, wanted, _ = file.stem.rsplit("-", 2)
        if stem == name and SubwordTokenizer(name, file.read_bytes()).identity == identity:
            asked.add(int(wanted))
    return asked or {int(size)}


class _Declared:
    """Stands in for a vocabulary of which only name and size are known."""

    def __init__(self, name: str, size: int) -> None:
        self.size, self.identity = size, f"{name}-{size}"

    def encode(self, text: str, symbols: bool = False) -> list[int]:
        raise NotImplementedError("a vocabulary of a plan holds no pieces")

    def decode(self, ids: list[int]) -> str:
        raise NotImplementedError("a vocabulary of a plan holds no pieces")

    def pieces(self, ids: list[int]) -> list[str]:
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
) -> Known:
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
    return Known(
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
) -> Known:
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
    rows = rows_of(float(batch_share(units or {"examples": np.ones(1)}, data)[0]))
    return Known(
        source="declared",
        sizes=Sizes(examples, examples / rows),
        signature=signature,
        largest=_shapes(signature, rows, round(lengths["inputs"]), round(lengths["targets"])),
        inputs=examples * lengths["inputs"],
        targets=examples * lengths["targets"],
    )


def _mean_length(feature: Feature, declared: float, most: int) -> float:
    """Estimates the mean in the units of `Feature.length`.

    The length of a feature of one size, such as an image, is its longest.
    """
    return declared * feature.per_unit if feature.varies else most


def _shapes(signature: ProblemSignature, rows: int, inputs: int, targets: int) -> Shapes:
    shapes: Shapes = {"inputs_length": (rows,), "targets_length": (rows,)}
    for name, length in (("inputs", inputs), ("targets", targets)):
        sizes = getattr(signature, name).shape
        shapes[name] = (rows, *(length if size is None else size for size in sizes))
    return shapes
