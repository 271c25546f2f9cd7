"""Measures the baselines of the octet and writes them beside its problems.

    python tools/build_baselines.py

They hold for the records that the problems make today: run it again after any change to a class
of `problems/octet` or to its vocabulary. Seconds and versions are those of the machine it ran on.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from t2t_multimodel import registry
from t2t_multimodel.baselines.main import baselines

TARGET = Path(__file__).resolve().parent.parent / "problems" / "octet" / "baselines.json"
SPLITS = ("test", "dev", "test_unseen")


def main() -> None:
    """Measures every split of every octet problem anew."""
    names = [name for name in registry.problems.names() if name.startswith("octet_")]
    TARGET.unlink(missing_ok=True)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for split in SPLITS:
            having = [name for name in names if split in registry.problems.get(name).splits]
            rows += baselines(having, Path(folder), workers=1, split=split)
    TARGET.write_text(json.dumps([row.to_json() for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
