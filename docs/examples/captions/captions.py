"""Captions of pictures, English to German, in the plain files of Multi30k.

`train.en`, `train.de`, `val.en`, `val.de`, `test_2016_flickr.en`, `test_2016_flickr.de`, packed by
gzip or not. Other test files may lie beside them.

mm-trainer --usr_dir=docs/examples/captions --raw_dir=FOLDER --problems=captions_ende,captions_deen
"""

from t2t_multimodel import Text, register_problem
from t2t_multimodel.sources import ParallelText


@register_problem("captions_ende")
class CaptionsEnDe(ParallelText):
    """Captions from English to German."""

    source, target = "en", "de"
    inputs = targets = Text(max_length=64)
    stems = {"test": "test_2016_flickr"}


@register_problem("captions_deen")
class CaptionsDeEn(CaptionsEnDe):
    """Captions from German to English."""

    source, target = "de", "en"
