"""Spoken digits: sounds in a folder for each digit, such as `zero/7_jackson_3.wav`.

mm-trainer --usr_dir=docs/examples/digits --raw_dir=FOLDER --problems=spoken_digits
"""

from t2t_multimodel import Audio, ClassLabel, register_problem
from t2t_multimodel.sources import ClassFolders


@register_problem("spoken_digits")
class SpokenDigits(ClassFolders):
    """A spoken digit to its name."""

    inputs = Audio(rate=8000, n_mels=40, max_seconds=3)
    targets = ClassLabel(
        names=("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )
    held_out = (0.05, 0.1)
