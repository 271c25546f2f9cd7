"""Problem: a task, as a class of about fifteen lines."""

from __future__ import annotations

import fnmatch
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from t2t_multimodel import registry
from t2t_multimodel.errors import UserError
from t2t_multimodel.features.base import Feature, ProblemSignature, Tokenizer
from t2t_multimodel.features.stored import UNITS
from t2t_multimodel.raw_files import data_files
from t2t_multimodel.user_code import must_define


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Tells what is known of a data set without having it, so that a run can be planned."""

    examples: dict[str, int]
    """Split -> number of examples."""
    inputs_length: float
    """Mean length of one input: tokens with the end, frames of 10 ms, or 0 for images."""
    targets_length: float
    """Mean tokens of one target with the end; 1 for class labels."""


class Problem:
    """One task: typed inputs and targets, and where its examples come from.

    Subclass it, declare `inputs` and `targets`, write `examples`, and decorate the class:

        @register_problem("my_digits")
        class MyDigits(Problem):
            '''Spoken digits from wav files.'''
            inputs = Audio(rate=8000)
            targets = ClassLabel(10)
            metrics = ("top1",)

            def examples(self, split, raw_dir):
                for path in sorted((raw_dir / split).glob("*.wav")):
                    yield {"inputs": path, "targets": int(path.name[0])}

    Vocabularies, records, batches, modality nets and the command token follow from the specs.
    """

    name: ClassVar[str]
    """Set by the decorator."""
    inputs: ClassVar[Feature]
    targets: ClassVar[Feature]
    metrics: ClassVar[tuple[str, ...]] = ()
    """Registered metrics of decoded output, computed beside the teacher-forced ones."""
    splits: ClassVar[tuple[str, ...]] = ("train", "test")
    """Names for which `examples` yields; the first must be train."""
    version: ClassVar[str] = "1"
    """Raise it when `examples` changes what it yields: older records become stale."""
    command: ClassVar[str | None] = None
    """Command token that opens the targets; None: one of the problem's own."""
    train_shards: ClassVar[int] = 4
    """Record files of the train split; other splits have one."""
    declared: ClassVar[Declared | None] = None
    """Sizes of the data set as published, for plans made where its files are not."""
    reads: ClassVar[tuple[str, ...] | None] = None
    """Patterns of the files below `raw_dir` that `examples` reads, such as `("*.tsv", "train/*")`,
    where `*` matches folders too; None: all of them. See `source_files`."""
    home: ClassVar[Path | None] = None
    """Folder of the raw files where `--raw_dir` names none for this problem; None: the one for
    all. `mm-datagen --from` sets it."""
    how_to_get: ClassVar[str] = ""
    """Tells what to get, from where by name, how large it is, and where in `raw_dir` it goes.

    `mm-problems show NAME` prints it. Empty for problems that ship their data.
    """

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Yields {"inputs": value, "targets": value} in an order that repeats.

        A value may be a `BadValue("why")` in place of what could not be read, and "origin" may
        name the place (`corpus.en:17`): datagen leaves such an example out, counts and names it.
        By default the examples of all parts, one part after the other.
        """
        parts = self.source_parts(split, raw_dir)
        if parts is None:
            raise must_define(self, "examples(self, split, raw_dir)")
        return itertools.chain.from_iterable(
            self.examples_of(part, split, raw_dir) for part in parts
        )

    def source_parts(self, split: str, raw_dir: Path | None) -> Sequence[Any] | None:
        """Lists what can be read alone, such as the files of the split, in an order that repeats.

        Then define `examples_of` in place of `examples`: datagen's workers share the reading, and
        a record file reads its own parts only. None: only all of it together.
        """
        return None

    def examples_of(self, part: Any, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Yields the examples of one of `source_parts`, as `examples` does."""
        raise must_define(self, "examples_of(self, part, split, raw_dir)")

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The files that `examples` reads; records are stale when one of them changes.

        By default those below `raw_dir`, when one is given, that match one of `reads`.
        """
        if raw_dir is None:
            return []
        files = data_files(raw_dir)
        if self.reads is None:
            return files
        names = [path.relative_to(raw_dir).as_posix() for path in files]
        wanted = {name for pattern in self.reads for name in fnmatch.filter(names, pattern)}
        return [path for path, name in zip(files, names, strict=True) if name in wanted]

    def tiny(self, folder: Path) -> None:
        """Writes a few dozen made examples into `folder`, in the very layout of the raw files.

        With `raw_dir=folder` every split then has examples: for tests and trials without the data.

        Raises:
            UserError: the problem has no such twin.
        """
        raise UserError(
            f"Problem {self.name!r} has no tiny twin.",
            fix=f"define tiny(self, folder) in the class {type(self).__name__}",
        )

    @property
    def features(self) -> dict[str, Feature]:
        """The declared features by name."""
        return {"inputs": self.inputs, "targets": self.targets}

    def vocabularies(self) -> list[str]:
        """Names of the vocabularies that its features need, each once."""
        names = (feature.vocabulary(self.name) for feature in self.features.values())
        return list(dict.fromkeys(name for name in names if name))

    def eval_split(self, preferred: str) -> str:
        """`preferred` if the problem has it, else its last split (test, by convention)."""
        return preferred if preferred in self.splits else self.splits[-1]

    def tokenizer(self, feature: str, tokenizers: dict[str, Tokenizer]) -> Tokenizer | None:
        """The tokenizer of `inputs` or `targets`, None for a feature without a vocabulary."""
        name = self.features[feature].vocabulary(self.name)
        return tokenizers[name] if name else None

    def signature(self, tokenizers: dict[str, Tokenizer]) -> ProblemSignature:
        """Tells what the model must know, with vocabularies (by name) filled in."""
        return ProblemSignature(
            name=self.name,
            command=self.command or self.name,
            inputs=self.inputs.signature(self.name, self.tokenizer("inputs", tokenizers)),
            targets=self.targets.signature(self.name, self.tokenizer("targets", tokenizers)),
        )

    def check_keys(self, example: dict[str, Any], split: str, number: int) -> None:
        """Raises `UserError` when what `examples` yielded lacks a feature."""
        if not isinstance(example, Mapping):
            raise UserError(
                f"Problem {self.name!r}, {split} example {number} is no dict, but {example!r:.60}.",
                fix='examples() must yield {"inputs": ..., "targets": ...}.',
            )
        missing = [name for name in self.features if name not in example]
        if missing:
            what = " and ".join(missing)
            raise UserError(
                f"Problem {self.name!r}, {split} example {number}: {what} missing; "
                f"it has {', '.join(map(str, example)) or 'nothing'}.",
                fix='examples() must yield {"inputs": ..., "targets": ...}.',
            )

    def check_declared(self) -> None:
        """Raises `UserError` when the class lacks a declaration or has a wrong one."""
        for name in ("inputs", "targets"):
            self._check_feature(name, getattr(self, name, None))
        for name, feature in self.features.items():
            if feature.unit not in (None, *UNITS):
                raise UserError(
                    f"Problem {self.name!r}: {type(feature).__name__}.unit is {feature.unit!r}, "
                    f"but batches have budgets of {', '.join(UNITS)}, or it is None ({name})."
                )
        for name in ("metrics", "splits", "reads"):
            if isinstance(getattr(self, name), str):
                raise UserError(
                    f"{name} of problem {self.name!r} is a string; it must be a tuple of strings."
                )
        if not self.splits or self.splits[0] != "train":
            raise UserError(f"The splits of problem {self.name!r} must begin with 'train'.")
        if self.declared is not None and set(self.declared.examples) != set(self.splits):
            raise UserError(
                f"Problem {self.name!r} has the splits {', '.join(self.splits)}, but declares "
                f"examples of {', '.join(self.declared.examples) or 'none'}."
            )
        registry.metrics.check(self.metrics)

    def _check_feature(self, name: str, found: object) -> None:
        cls = type(self).__name__
        if isinstance(found, type) and issubclass(found, Feature):
            kind = found.__name__
            raise UserError(
                f"Problem {self.name!r}: {name} is the class {kind}, not an object of it.",
                fix=f"Write `{name} = {kind}(...)`, with brackets, in the class {cls}.",
            )
        if not isinstance(found, Feature):
            raise UserError(
                f"Problem {self.name!r} declares no {name}.",
                fix=f"write e.g. `{name} = Text()` in the class {cls}",
            )
