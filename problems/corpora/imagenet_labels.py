"""Classes of the ILSVRC 2012 validation images: three files that tell them, three numberings.

A class is a WordNet id such as n01440764; its label is its place, from 0, among all ids in
alphabetical order. The development kit numbers the classes in an order of its own, which its file
`meta.mat` translates.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from t2t_multimodel import UserError, foreign
from t2t_multimodel.problems.formats.archives import contents, opened, tar_files, whole
from t2t_multimodel.problems.formats.lines import read_text

DEVKIT = "ILSVRC2012_devkit_t12"
TRUTH, META = "ILSVRC2012_validation_ground_truth.txt", "meta.mat"
SYNSETS = "imagenet_2012_validation_synset_labels.txt"
SOLUTION = "LOC_val_solution.csv"


def validation_ids(root: Path) -> list[str]:
    """The WordNet id of each validation image, in the order of their numbers from 1.

    Raises:
        UserError: no file under `root` tells.
    """
    for pattern in ("", "*/", "*/*/"):
        for path in sorted(root.glob(pattern + SYNSETS)):
            return read_text(path).split()
        for path in sorted(root.glob(pattern + SOLUTION)):
            return _from_solution(path)
    truth, meta = _devkit(root)
    told = f"The development kit under {root} is not as it is published"
    with foreign(lambda why: UserError(f"{told}: {why}.", "Get it again.")):
        names = devkit_ids(meta)
        return [names[int(number)] for number in truth.split()]


def label_files(root: Path) -> list[Path]:
    """The files that `validation_ids` may read."""
    names = (SYNSETS, SOLUTION, TRUTH, META, f"{DEVKIT}.tar.gz")
    patterns = ("", "*/", "*/*/")
    return sorted(path for name in names for p in patterns for path in root.glob(p + name))


def devkit_ids(meta: bytes) -> dict[int, str]:
    """Number of a class in the development kit -> its WordNet id, from `meta.mat`."""
    from scipy.io import loadmat

    synsets = loadmat(io.BytesIO(meta), squeeze_me=True)["synsets"]
    return {int(row["ILSVRC2012_ID"]): str(row["WNID"]) for row in synsets}


def _from_solution(path: Path) -> list[str]:
    with whole(path):
        rows = list(csv.DictReader(io.StringIO(read_text(path), newline="")))
        ids = {str(row["ImageId"]): row["PredictionString"].split()[0] for row in rows}
        return [ids[name] for name in sorted(ids)]


def _devkit(root: Path) -> tuple[str, bytes]:
    """The ground truth and `meta.mat`, unpacked or not."""
    found = dict(_devkit_files(root))
    missing = [name for name in (TRUTH, META) if name not in found]
    if missing:
        raise UserError(
            f"The classes of the validation images are not under {root}: {' and '.join(missing)} "
            f"missing.",
            fix=f"Put {DEVKIT}.tar.gz there, or {SYNSETS}, or {SOLUTION}; "
            "or sort the images into class folders.",
        )
    return found[TRUTH].decode(), found[META]


def _devkit_files(root: Path) -> Iterator[tuple[str, bytes]]:
    for name in (TRUTH, META):
        for path in (*root.glob(name), *root.glob(f"*/{name}"), *root.glob(f"*/data/{name}")):
            with opened(path) as file:
                yield name, contents(file, name)
    for path in root.glob(f"{DEVKIT}.tar.gz"):
        for full, member in tar_files(path):
            name = full.rpartition("/")[2]
            if name in (TRUTH, META):
                yield name, contents(member, name)
