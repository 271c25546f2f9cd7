"""Peak memory of vocabulary training and of datagen as the corpus grows.

    python bench/datagen_memory.py --raw_dir=FOLDER --scales=1,4,16

FOLDER holds the packages of libreoffice_help_ende. Its English-German train pairs are written to
text files, 4 and 16 times with a number behind each sentence, so that no two are alike. Then
mm-datagen runs on each, a process for the vocabulary and one for the records: a table of peak
resident memory, time and size.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel import Problem, Text, register_problem

ROOT = Path(__file__).resolve().parent.parent


@register_problem("bench_help")
class BenchHelp(Problem):
    """Pairs of sentences in text files, one file for each copy of the corpus."""

    inputs = Text(max_length=512)
    targets = Text(max_length=512)
    splits = ("train",)

    def source_parts(self, split: str, raw_dir: Path | None) -> list[Path]:
        assert raw_dir is not None
        return sorted(raw_dir.glob("*.tsv"))

    def examples_of(self, part: Path, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        with open(part, encoding="utf-8") as file:
            for line in file:
                source, target = line.rstrip("\n").split("\t")
                yield {"inputs": source, "targets": target}


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--raw_dir", type=Path, required=True)
    parser.add_argument("--scales", default="1,4,16")
    parser.add_argument("--workers", type=int, default=1)
    flags = parser.parse_args()
    print("| corpus | pairs | text MB | vocabulary: peak MB | s | records: peak MB | s |")
    print("|---|---|---|---|---|---|---|")
    for scale in map(int, flags.scales.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            print(measure(Path(folder), flags.raw_dir.resolve(), scale, flags.workers), flush=True)


def measure(folder: Path, raw_dir: Path, scale: int, workers: int) -> str:
    """A row of the table."""
    pairs = write_corpus(folder / "raw", raw_dir, scale)
    size = sum(path.stat().st_size for path in (folder / "raw").iterdir()) / 1e6
    train = "from t2t_multimodel.data import vocab\nvocab.load_or_train("
    train += "vocab.declared('bench_help', problem), data_dir, raw_dir, None)"
    write = "from t2t_multimodel.data import datagen\n"
    write += f"options = datagen.DatagenOptions(workers={workers})\n"
    write += "datagen.generate(['bench_help'], data_dir, raw_dir, options)"
    cells = [f"{scale}x", f"{pairs:,}", f"{size:.1f}"]
    for code in (train, write):
        peak, seconds = run(code, folder)
        cells += [f"{peak:.0f}", f"{seconds:.1f}"]
    return f"| {' | '.join(cells)} |"


def write_corpus(folder: Path, raw_dir: Path, scale: int) -> int:
    """Writes `scale` text files; returns the number of pairs in all."""
    from t2t_multimodel.registry import problems

    help_pages = problems.get("libreoffice_help_ende")()
    pairs = [(e["inputs"], e["targets"]) for e in help_pages.examples("train", raw_dir)]
    folder.mkdir()
    for copy in range(scale):
        mark = f" {copy}" if copy else ""
        with open(folder / f"{copy:02d}.tsv", "w", encoding="utf-8") as file:
            file.writelines(f"{one}{mark}\t{other}{mark}\n" for one, other in pairs)
    return scale * len(pairs)


def run(code: str, folder: Path) -> tuple[float, float]:
    """Peak megabytes of the process and its workers (the largest one), and seconds."""
    head = (
        "from pathlib import Path\n"
        "from t2t_multimodel import registry, usr_dir\n"
        f"usr_dir.add({str(Path(__file__).resolve())!r})\n"
        "problem = registry.problems.get('bench_help')()\n"
        f"data_dir, raw_dir = Path({str(folder / 'data')!r}), Path({str(folder / 'raw')!r})\n"
    )
    program = folder / "run.py"
    body = "".join(f"    {line}\n" for line in (head + code).splitlines())
    program.write_text(f'if __name__ == "__main__":\n{body}')
    begin = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with open(os.devnull, "wb") as silent:
        child = os.posix_spawn(
            sys.executable,
            [sys.executable, str(program)],
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, silent.fileno(), 1)],
        )
        _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{code} failed")
    return usage.ru_maxrss / 1024, time.monotonic() - begin


if __name__ == "__main__":
    main()
