"""Lines in, lines out: python bench/decode_lines.py RUN PROBLEM [--lines=10000] [mm-decode flags]

Sends lines of all kinds through mm-decode: text, empty lines, lines far too long, emoji, control
characters and invalid UTF-8. Says how many came back, and the lines a second.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

KINDS = {"plain": 70, "empty": 6, "long": 3, "emoji": 7, "control": 7, "invalid": 7}
"""Kind of line -> how many of 100."""
CONTROL = [0, 7, 8, 11, 12, 13, 27, 28, 127, 0x85, 0x2028]
INVALID = [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"]


def mixture(n: int, words: list[str], most_words: int) -> Iterator[tuple[bytes, str]]:
    """Lines without their ends, and the kind of each; the same in every run.

    Args:
        n: how many.
        words: what text is made of.
        most_words: longest text; lines of the kind long have up to 200 times as many.
    """
    draws = random.Random(0)
    for _ in range(n):
        (kind,) = draws.choices(list(KINDS), list(KINDS.values()))
        text = " ".join(draws.choices(words, k=draws.randint(1, most_words)))
        made = {
            "plain": text.encode(),
            "empty": draws.choice([b"", b" ", b"\t", b" \r"]),
            "long": (f"{text} " * draws.randint(20, 200)).encode(),
            "emoji": f"{text} {draws.choice('😀🇩🇪👩‍🚀')}".encode(),
            "control": f"{text} {chr(draws.choice(CONTROL))}{text}".encode(),
            "invalid": text.encode() + draws.choice(INVALID),
        }
        yield made[kind], kind


def main() -> int:
    """Runs the command line; returns 1 if a line is missing, out of place or too many."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="folder of a run")
    parser.add_argument("problem", help="one of its problems, with text inputs")
    parser.add_argument("--lines", type=int, default=10_000)
    args, more = parser.parse_known_args()
    words = "the file dialog opens a new text document click OK and then select it".split()
    lines = list(mixture(args.lines, words, 12))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lines"
        file.write_bytes(b"\n".join(content for content, _ in lines) + b"\n")
        command = [sys.executable, "-m", "t2t_multimodel.bin.mm_decode", *more]
        which = [f"--output_dir={args.run}", f"--problem={args.problem}", f"--input_file={file}"]
        begin = time.monotonic()
        done = subprocess.run([*command, *which], capture_output=True, check=True)
        seconds = time.monotonic() - begin
    written = done.stdout.split(b"\n")[:-1]
    silent = sum(not output for output in written)
    expected = sum(kind in ("empty", "invalid") for _, kind in lines)
    reported = done.stderr.count(b"is not UTF-8; its output is empty.")
    invalid = sum(kind == "invalid" for _, kind in lines)
    print(f"{len(lines):,} lines in, {len(written):,} out, {len(lines) / seconds:,.1f} a second")
    print(
        f"invalid: {invalid:,}, reported: {reported:,}; empty outputs: {silent:,} of {expected:,}+"
    )
    kinds = zip(lines, written, strict=False)
    in_place = all(not out for (_, kind), out in kinds if kind in ("empty", "invalid"))
    return 0 if len(written) == len(lines) and reported == invalid and in_place else 1


if __name__ == "__main__":
    sys.exit(main())
