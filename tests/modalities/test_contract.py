"""What must hold of every net: the paper's and Tensor2Tensor's."""

from __future__ import annotations

from helpers.small_models import EN_DE, IMAGE, LABEL, LOG_MEL, OCTET, PAPER, WAVEFORM

from t2t_multimodel.modalities.audio import LogMelModality, WaveformModality
from t2t_multimodel.modalities.class_label import ClassLabelModality
from t2t_multimodel.modalities.image import ImageModality
from t2t_multimodel.modalities.text import TextModality
from t2t_multimodel.testing import ModalityTest


class TestText(ModalityTest):
    net, signature, config = TextModality, EN_DE, OCTET


class TestTextWithTablesOfItsOwn(ModalityTest):
    net, signature = TextModality, EN_DE
    config = PAPER.replace(share_embeddings=False)


class TestImage(ModalityTest):
    net, signature, config = ImageModality, IMAGE, OCTET


class TestLogMel(ModalityTest):
    net, signature, config = LogMelModality, LOG_MEL, OCTET


class TestWaveform(ModalityTest):
    net, signature, config = WaveformModality, WAVEFORM, PAPER


class TestClassLabel(ModalityTest):
    net, signature, config = ClassLabelModality, LABEL, OCTET
