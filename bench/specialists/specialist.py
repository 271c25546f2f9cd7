"""Trains one specialist in this process, without TensorFlow, and writes what it puts out.

`python -m bench.specialists` runs it; the last line that it prints is its `Cost` in JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from bench.specialists.budget import Clock, Cost, print_cost, rate_factor, stay_on_one_core
from bench.specialists.records import Records, load
from bench.specialists.settings import KINDS, Cnn, Ctc, Settings, Transformer


class Specialist(Protocol):
    """What each kind must offer."""

    settings: Any
    """Its `rate` is the peak learning rate, its `warmup` a part of the budget."""

    @property
    def net(self) -> torch.nn.Module:
        """What is trained."""

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """Of the net's parameters."""

    def losses(self) -> Iterator[torch.Tensor]:
        """The loss of each next batch, without end."""

    def outputs(self) -> dict[str, np.ndarray]:
        """What the trained net makes of the split that is scored; see `scoring`."""


def main() -> None:
    """Reads the flags, trains, writes, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kind", required=True, choices=KINDS)
    parser.add_argument("--settings", required=True, help="fields of its settings in JSON")
    parser.add_argument("--records", required=True, type=Path, help="npz file of export")
    parser.add_argument("--outputs", required=True, type=Path, help="npz file to write")
    parser.add_argument("--cpu_seconds", required=True, type=float)
    parser.add_argument("--beams", required=True, type=int)
    parser.add_argument("--seed", required=True, type=int)
    flags = parser.parse_args()
    stay_on_one_core()
    torch.set_num_threads(1)
    torch.manual_seed(flags.seed)
    settings = KINDS[flags.kind](**json.loads(flags.settings))
    draws = np.random.default_rng(flags.seed)
    specialist = made(settings, load(flags.records), draws, flags.beams)
    cost = train(specialist, flags.cpu_seconds)
    specialist.net.eval()
    np.savez(flags.outputs, **specialist.outputs())  # type: ignore[arg-type]
    print_cost(cost)


def made(
    settings: Settings, records: Records, draws: np.random.Generator, beams: int
) -> Specialist:
    """The specialist of these settings, with fresh weights."""
    match settings:
        case Transformer():
            from bench.specialists.texts import TextSpecialist

            return TextSpecialist(settings, records, draws, beams)
        case Cnn():
            from bench.specialists.cnn import ImageSpecialist

            return ImageSpecialist(settings, records, draws)
        case Ctc():
            from bench.specialists.ctc import SpeechSpecialist

            return SpeechSpecialist(settings, records, draws)


def train(specialist: Specialist, cpu_seconds: float) -> Cost:
    """Trains until this process has taken so many CPU seconds, the time before included."""
    clock, settings = Clock(), specialist.settings
    specialist.net.train()
    for loss in specialist.losses():
        factor = rate_factor(min(1.0, time.process_time() / cpu_seconds), settings.warmup)
        for group in specialist.optimizer.param_groups:
            group["lr"] = settings.rate * factor
        specialist.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(specialist.net.parameters(), 1.0)
        specialist.optimizer.step()
        clock.tick()
        if clock.ends[-1] >= cpu_seconds:
            break
    return clock.cost(sum(one.numel() for one in specialist.net.parameters()))


if __name__ == "__main__":
    main()
