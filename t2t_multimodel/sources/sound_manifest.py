"""SoundManifest: a table of sound files and what is said in them."""

from __future__ import annotations

from typing import ClassVar

from t2t_multimodel.features import Audio, Feature, Text
from t2t_multimodel.sources.table import Table


class SoundManifest(Table):
    """`train.tsv` with the columns `path` and `text`; paths are relative to the manifest.

        @register_problem("dictation")
        class Dictation(SoundManifest):
            '''Speech to text.'''
            source = "audio_filepath"

    CSV, TSV and JSON lines (such as the manifests of NeMo) are read as `Table` reads them; without
    a line of names write `columns = ("path", "text")`.
    """

    inputs: ClassVar[Feature] = Audio(rate=16000)
    targets: ClassVar[Feature] = Text()
    metrics = ("wer", "cer")
    source: ClassVar[str] = "path"
    target: ClassVar[str] = "text"
