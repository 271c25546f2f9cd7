"""The section about a mixture: what a training step holds."""

from __future__ import annotations

from pathlib import Path

from t2t_multimodel.config import AdaptiveMixtureConfig, Config, RatesMixtureConfig
from t2t_multimodel.data.mixture import make_mixture
from t2t_multimodel.data.raw_dirs import RawDir
from t2t_multimodel.errors import UserError
from t2t_multimodel.plan.sizes import Known, look, make_records
from t2t_multimodel.report.page import Cell, PageBlock, PageSection, Paragraph, Table
from t2t_multimodel.terminal import plural

_STEPS = 8


def mixture_section(config: Config, data_dir: Path, raw_dir: RawDir) -> PageSection:
    """Shares, batch shapes and the first steps of a mixture.

    Args:
        config: of the run, with the problems and their rates.
        data_dir: sizes are those of the records there; problems that ship their data get theirs.
        raw_dir: where the raw files are.
    """
    title = "What a step holds"
    try:
        make_records(config, data_dir, raw_dir)
        known = {name: look(name, config, data_dir) for name in config.trained}
    except UserError as error:
        return PageSection(title, [Paragraph(error.message), Paragraph(error.fix)])
    if isinstance(config.mixture, AdaptiveMixtureConfig):  # its shares follow losses
        config = config.replace(mixture=RatesMixtureConfig())
    mixture = make_mixture(config, {name: one.sizes for name, one in known.items()})
    shares = mixture.shares(0)
    rows: list[tuple[Cell, ...]] = [
        (name, f"{config.rates[name]:g}", f"{shares[name]:.1%}")
        + (f"{shares[name] * mixture.per_step:.2f}", *_shape(one))
        for name, one in known.items()
    ]
    drawn: list[tuple[Cell, ...]] = [
        (str(step), ", ".join(mixture.draw(step))) for step in range(_STEPS)
    ]
    words = (
        f"A step holds {plural(mixture.per_step, 'micro-batch')}, each of one problem. Rows, "
        "inputs and targets: examples, and the longest inputs and targets, of the smallest and the "
        "largest bucket of lengths."
    )
    columns = ("problem", "rate", "share", "a step", "rows", "inputs", "targets", "epoch")
    blocks: list[PageBlock] = [
        Paragraph(words),
        Table(columns, rows),
        Table(("step", "its micro-batches"), drawn),
    ]
    return PageSection(title, blocks)


def _shape(known: Known) -> tuple[str, ...]:
    """Rows, inputs and targets of micro-batches, and how many make an epoch."""
    epoch = plural(round(known.sizes.batches), "batch")
    if not known.buckets:
        return "?", "?", "?", epoch
    ends = (known.buckets[0], known.buckets[-1])
    spans = (
        {f"{getattr(one, field):,}": None for one in ends}
        for field in ("rows", "inputs", "targets")
    )
    return (*(" to ".join(span) for span in spans), epoch)
