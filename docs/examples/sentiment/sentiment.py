"""Whether a review is for or against: rows of `train.tsv`, `dev.tsv` and `test.tsv`.

The files have the columns `sentence` and `label`, as those of SST-2 in GLUE: 0 against, 1 for.

mm-trainer --usr_dir=docs/examples/sentiment --raw_dir=FOLDER --problems=sentiment
"""

from t2t_multimodel import ClassLabel, Text, register_problem
from t2t_multimodel.sources import Table


@register_problem("sentiment")
class Sentiment(Table):
    """A sentence of a review to its number, 0 or 1."""

    source, target = "sentence", "label"
    inputs = Text(max_length=96)
    targets = ClassLabel(2)
    metrics = ("top1",)
