"""Does the work of `mm-problems baselines`: measures or finds baselines and prints them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from t2t_multimodel import registry
from t2t_multimodel.baselines.measured import Baselines, measure_baselines
from t2t_multimodel.cores import cores
from t2t_multimodel.data.datagen import DatagenOptions, Prepared, generate
from t2t_multimodel.data.raw_dirs import RawDir
from t2t_multimodel.errors import unknown
from t2t_multimodel.metrics.text import is_lower_better, sacrebleu_of, signature
from t2t_multimodel.terminal import make_console

COLUMNS = ("trivial", "source_blind", "classical")


def baselines(
    names: Sequence[str],
    data_dir: Path,
    raw_dir: RawDir = None,
    workers: int | None = None,
    split: str = "test",
) -> list[Baselines]:
    """Makes missing records, measures what is not known yet, and prints a table.

    Args:
        names: problems.
        data_dir: folder of the records; baselines are stored beside them.
        raw_dir: where the user keeps raw files.
        workers: processes that make records; None: one for each core.
        split: preferred split; a problem without it takes its last one, but one has it.

    Raises:
        UserError: no problem has the split, or what `generate` and `measure_baselines` raise.
    """
    registry.problems.check(names)
    known = [one for name in names for one in registry.problems.get(name).splits]
    if split not in known:
        raise unknown("split of these problems", split, list(dict.fromkeys(known)))
    prepared = generate(names, data_dir, raw_dir, DatagenOptions(workers=workers or cores()))
    results = [measure_baselines(one, one.problem.eval_split(split)) for one in prepared.values()]
    print_baselines(results, list(prepared.values()))
    return results


def print_baselines(results: Sequence[Baselines], prepared: Sequence[Prepared]) -> None:
    """Prints a row for each score, and below what the methods were."""
    from rich.table import Table

    table = Table("score")
    for column in COLUMNS:
        table.add_column(column.replace("_", "-"), justify="right")
    notes = []
    for result, one in zip(results, prepared, strict=True):
        title = result.problem + _silver(one)
        table.add_row(f"{title}, {result.split}, n = {result.examples:,}", style="bold")
        for name, cells in _rows(result):
            table.add_row(f"  {name}", *cells)
        table.add_section()
        said = (f"{kind.replace('_', '-')}: {text}" for kind, text in result.methods.items())
        notes.append(f"{title}. " + ". ".join(said) + ".")
    scored = {name.rpartition("/")[2] for result in results for name in result.source_blind}
    for metric in sorted(filter(sacrebleu_of, scored)):
        notes.append(f"{metric}: {signature(metric)}")
    console = make_console()
    console.print(table)
    console.print("\n".join(notes), style="dim", soft_wrap=True)


def _rows(result: Baselines) -> Iterator[tuple[str, list[str]]]:
    """Each score with its text in the three columns, empty where it has none."""
    columns: list[dict[str, float]] = [getattr(result, column) or {} for column in COLUMNS]
    for name in dict.fromkeys(name for column in columns for name in column):
        note = ", lower is better" if is_lower_better(name) else ""
        yield name + note, [f"{c[name]:.4g}" if name in c else "" for c in columns]


def _silver(prepared: Prepared) -> str:
    """A mark for targets that an automatic method made, as the problem's docstring says."""
    words = (type(prepared.problem).__doc__ or "").lower()
    return " (silver)" if "silver" in words else ""
