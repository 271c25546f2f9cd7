"""Modality specs: what a value is, how it is stored, and which modality net takes it."""

from t2t_multimodel.features.audio import Audio
from t2t_multimodel.features.base import (
    EOS_ID,
    PAD_ID,
    BadValue,
    Feature,
    Tokenizer,
)
from t2t_multimodel.features.brackets import Brackets, BracketTables
from t2t_multimodel.features.class_label import ClassLabel
from t2t_multimodel.features.graph import Argument, GraphInput
from t2t_multimodel.features.image import Image
from t2t_multimodel.features.people import Shown
from t2t_multimodel.features.signature import Output, ProblemSignature, Signature
from t2t_multimodel.features.stored import SpeltTokenizer
from t2t_multimodel.features.text import Text

__all__ = [
    "EOS_ID",
    "PAD_ID",
    "Argument",
    "Audio",
    "BadValue",
    "BracketTables",
    "Brackets",
    "ClassLabel",
    "Feature",
    "GraphInput",
    "Image",
    "Output",
    "ProblemSignature",
    "Shown",
    "Signature",
    "SpeltTokenizer",
    "Text",
    "Tokenizer",
]
