"""Fashion-MNIST in full, from the user's copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2t_multimodel import ClassLabel, Declared, Image, Problem, register_problem
from t2t_multimodel.problems.corpora import fashion_mnist
from t2t_multimodel.problems.formats.packages import FASHION_MNIST, download_page

N_DEV = 5000


@register_problem("fashion_mnist")
class FashionMnist(Problem):
    """Grey pictures of clothes in ten classes: Fashion-MNIST (arXiv 1708.07747), all 70,000.

    55,000 train and 5,000 dev pictures are the first and the last of its train file, 10,000 test
    pictures its test file. Reads the four IDX files, or the Debian package dataset-fashion-mnist,
    from raw_dir. MIT licence.
    """

    inputs = Image(28, 28, 1)
    targets = ClassLabel(names=fashion_mnist.CLASSES)
    metrics = ("top1", "top5")
    splits = ("train", "dev", "test")
    declared = Declared(
        examples={"train": 55_000, "dev": N_DEV, "test": 10_000}, inputs_length=0, targets_length=1
    )
    how_to_get = download_page([FASHION_MNIST], instead=fashion_mnist.IDX_FILES)

    def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
        """Pictures uint8 [28, 28, 1] with the number of their class.

        Raises:
            UserError: raw_dir lacks the files.
        """
        part = "t10k" if split == "test" else "train"
        images, labels = fashion_mnist.read_fashion_mnist(raw_dir, part)
        rows = {"train": slice(-N_DEV), "dev": slice(-N_DEV, None), "test": slice(None)}[split]
        for pixels, label in zip(images[rows], labels[rows], strict=True):
            yield {"inputs": pixels[..., None], "targets": int(label)}

    def source_files(self, raw_dir: Path | None) -> list[Path]:
        """The IDX files or the package."""
        return fashion_mnist.source_files(raw_dir)

    def tiny(self, folder: Path) -> None:
        """The four IDX files with 40 train pictures, the 5,000 of dev, and 20 of test."""
        fashion_mnist.write_tiny(folder, n_train=N_DEV + 40, n_test=20)
