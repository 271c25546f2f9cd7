"""Rebuilds the vendored data of the octet from its source packages, byte for byte.

    python tools/build_octet.py --packages=DIR [--only=image,caption] [--data=DIR]

DIR holds the packages as `apt-get download` and `npm pack` leave them; a missing one is named
together with its command. xz files are equal byte for byte under one version of liblzma.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run as a file, Python sees only tools/

from t2t_multimodel import UserError  # noqa: E402
from tools.octet import report  # noqa: E402

PARTS = ("image", "caption", "translation", "speech", "parse", "licenses")
"""The parts are built in this order: parsing reads the splits of translation and speech."""


def main(argv: list[str] | None = None) -> int:
    """Builds the parts asked for and prints what `data/` then holds; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=Path, required=True, help="folder of the packages")
    parser.add_argument("--only", default=",".join(PARTS), help="comma-separated parts")
    parser.add_argument("--data", type=Path, default=ROOT / "problems/octet/data")
    args = parser.parse_args(argv)
    parts = args.only.split(",")
    if unknown := [part for part in parts if part not in PARTS]:
        parser.error(f"--only knows {', '.join(PARTS)}, not {', '.join(unknown)}")
    args.data.mkdir(parents=True, exist_ok=True)
    try:
        for part in (part for part in PARTS if part in parts):
            importlib.import_module(f"tools.octet.{part}").build(args.packages, args.data)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    report.print_table(args.data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
