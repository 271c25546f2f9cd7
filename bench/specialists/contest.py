"""Trains and scores the contenders of one problem."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.specialists.budget import Cost, run_module, steps_within
from bench.specialists.export import export
from bench.specialists.kinds import default_seconds, kind_of
from bench.specialists.scoring import Scores, of_model, of_specialist
from bench.specialists.settings import Settings
from bench.specialists.table import Contender
from t2t_multimodel import overrides
from t2t_multimodel.checkpoints.checkpoint import Checkpoint, open_checkpoint
from t2t_multimodel.config import Config
from t2t_multimodel.data.datagen import prepare
from t2t_multimodel.errors import UserError
from t2t_multimodel.evaluate.evaluator import evaluation_order
from t2t_multimodel.multimodel import MultiModel

CALIBRATION_STEPS = 60
"""Steps of a first training of the project's net, which tells what a step costs."""


@dataclass(frozen=True)
class Terms:
    """What all contenders of all problems are told."""

    data_dir: Path
    split: str
    seed: int
    beams: int
    """Width of the beam search; 1: greedy search alone."""
    decode_examples: int
    """Examples that are decoded; 0: all of the split."""
    cpu_seconds: float
    """CPU seconds of each training; 0: as many as `default_seconds` says."""
    hparams_set: str
    """Of the project's net."""
    hparams: str
    """Overrides of the set."""
    settings: dict[str, Settings]
    """Settings of each kind of specialist."""


class Contest:
    """One problem, its records, and what its contenders may spend."""

    def __init__(self, name: str, terms: Terms, folder: Path) -> None:
        self._terms, self._folder = terms, folder
        changes = overrides.Overrides(problems=[name], hparams=terms.hparams)
        self._config = overrides.resolve(terms.hparams_set, changes).config
        self._prepared = prepare([name], terms.data_dir, None, self._config)[name]
        problem = self._prepared.problem
        self._split = problem.eval_split(terms.split)
        dataset = self._prepared.dataset(self._split)
        self._decoded = evaluation_order(name, self._split, len(dataset))
        self._decoded = self._decoded[: terms.decode_examples or None]
        self._cpu_seconds = terms.cpu_seconds or default_seconds(problem)

    def contenders(self, joint: Checkpoint | None) -> Iterator[Contender]:
        """Trains and scores, one after the other, all that learn the problem.

        Args:
            joint: a checkpoint of a joint run that has the problem.

        Raises:
            UserError: the joint run was trained on other records, or a training failed.
        """
        if joint is not None:
            self._check_records(joint)
        yield self.specialist()
        yield self.single_task()
        if joint is not None:
            yield self.joint(joint)

    def specialist(self) -> Contender:
        """The specialist of the problem's kind."""
        terms, kind = self._terms, kind_of(self._prepared.problem)
        records, outputs = self._folder / "records.npz", self._folder / "outputs.npz"
        settings = dataclasses.asdict(terms.settings[kind])
        export(self._prepared, self._split, self._decoded, records)
        flags = {
            "kind": kind,
            "settings": json.dumps(settings),
            "records": records,
            "outputs": outputs,
            "cpu_seconds": self._cpu_seconds,
            "beams": terms.beams,
            "seed": terms.seed,
        }
        cost = Cost(**run_module("specialist", flags))
        scores = of_specialist(outputs, self._prepared, self._split, self._decoded, terms.beams)
        return self._contender(kind, scores, cost, settings)

    def single_task(self) -> Contender:
        """The project's net, trained on this problem alone."""
        steps = steps_within(self._cpu_seconds, self._trained(CALIBRATION_STEPS, "calibration"))
        cost = self._trained(steps, "single")
        model = open_checkpoint(self._folder / "single").model()
        settings = {"hparams_set": self._terms.hparams_set, "hparams": self._terms.hparams}
        return self._contender("single-task", self._scores_of(model, self._config), cost, settings)

    def joint(self, checkpoint: Checkpoint) -> Contender:
        """A net that was trained on several problems."""
        model = checkpoint.model()
        scores = self._scores_of(model, checkpoint.config())
        settings = {"checkpoint": str(checkpoint.path)}
        cost = Cost(model.count_params(), checkpoint.step)
        return self._contender("joint", scores, cost, settings)

    def _check_records(self, checkpoint: Checkpoint) -> None:
        name = self._prepared.problem.name
        recorded = checkpoint.state["data"].get(name)
        if recorded != self._prepared.fingerprint:
            raise UserError(
                f"{checkpoint.path} was trained on other records of {name}: {recorded}, "
                f"but {self._terms.data_dir} holds {self._prepared.fingerprint}.",
                fix="Give the --data_dir of that run.",
            )

    def _scores_of(self, model: MultiModel, config: Config) -> Scores:
        terms = self._terms
        return of_model(model, self._prepared, config, self._split, len(self._decoded), terms.beams)

    def _contender(
        self, name: str, scores: Scores, cost: Cost, settings: dict[str, Any]
    ) -> Contender:
        problem = self._prepared.problem.name
        return Contender(problem, self._split, name, scores, cost, settings)

    def _trained(self, steps: int, folder: str) -> Cost:
        terms = self._terms
        flags = {
            "problem": self._prepared.problem.name,
            "hparams_set": terms.hparams_set,
            "hparams": terms.hparams,
            "steps": steps,
            "seed": terms.seed,
            "data_dir": terms.data_dir,
            "output_dir": self._folder / folder,
        }
        return Cost(**run_module("ours", flags))
