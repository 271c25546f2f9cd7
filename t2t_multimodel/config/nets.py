"""The two families of nets for images, audio and class labels, each with its own settings."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

from t2t_multimodel.config.base import Section

_SOME = "a tuple, each 1 or more"


@dataclasses.dataclass(frozen=True, kw_only=True)
class PaperNetsConfig(Section):
    """The paper's nets (2.5)."""

    kind: ClassVar[str] = "paper"

    image_blocks: int = 3
    """Residual blocks of the image net (2.5). Its total stride is 2 ** (image_blocks + 1)."""

    image_stem: Literal["separable", "full"] = "separable"
    """First convolutions of the image net: the paper's steps, or Xception's full convolutions."""

    audio_channels: tuple[int, ...] = (2, 4, 8, 16, 32, 64, 128, 256)
    """Channels of the residual blocks of the audio net, each of stride 2 in time (2.5)."""

    audio_fold_frequency: bool = False
    """Mel bands are channels of one position in time, instead of a position each (2.5)."""

    exit_channels: tuple[int, int] = (1536, 2048)
    """Channels of the last two convolution steps of the class-label net (2.5)."""

    class_path: Literal["encoder", "decoder"] = "encoder"
    """Class labels are read off the encoder, as T2T did, or off one decoded position."""

    def check(self) -> None:
        self.require(self.image_blocks >= 0, "image_blocks", "0 or more")
        for name in ("exit_channels", "audio_channels"):
            values = getattr(self, name)
            self.require(bool(values) and min(values) >= 1, name, _SOME)


@dataclasses.dataclass(frozen=True, kw_only=True)
class T2TNetsConfig(Section):
    """Tensor2Tensor's nets of 2017-06; class labels are read off the encoder."""

    kind: ClassVar[str] = "t2t"

    audio_channels: tuple[int, ...] = (2, 4, 8, 16, 32, 64, 128, 256)
    """Channels of the residual blocks of the audio net, each of stride 2 in time; one more block
    leads to hidden_size."""

    labels_2d: bool = True
    """The label net looks at the picture, or at the sequence of its positions."""

    def check(self) -> None:
        values = self.audio_channels
        self.require(bool(values) and min(values) >= 1, "audio_channels", _SOME)
