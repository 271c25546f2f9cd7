"""ModelConfig: what the network is. The defaults are the paper's network."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from t2t_multimodel.config.base import Section
from t2t_multimodel.config.body import (
    PaperBodyConfig,
    SourceMeanConfig,
    T2TV1BodyConfig,
    T2TV2BodyConfig,
)
from t2t_multimodel.config.moe import (
    DenseComputeConfig,
    DenseParamsConfig,
    ExpertsConfig,
    NoExpertsConfig,
)
from t2t_multimodel.config.nets import PaperNetsConfig, T2TNetsConfig
from t2t_multimodel.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig(Section):
    """Sizes and switches of the MultiModel (arXiv 1706.05137).

    Counts are of blocks, sizes of channels, rates of 1. Numbers in parentheses are sections of the
    paper. Fields that only one body, family of nets or form of mixture reads are in its section.
    """

    body: PaperBodyConfig | T2TV1BodyConfig | T2TV2BodyConfig = PaperBodyConfig()
    """Wiring of the body: the paper's, or one of the two that Tensor2Tensor shipped."""

    nets: PaperNetsConfig | T2TNetsConfig = PaperNetsConfig()
    """Nets for images, audio and labels: the paper's, or Tensor2Tensor's of 2017-06."""

    moe: ExpertsConfig | NoExpertsConfig | DenseParamsConfig | DenseComputeConfig = ExpertsConfig()
    """The layers in the mixtures' place: experts, nothing, or one dense layer."""

    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """Type of activations and products; weights, routers, norms and losses stay float32. For
    accelerators: on CPUs bfloat16 is slower."""

    hidden_size: int = 1024
    """Channels of the body, D. The paper names 1024 for its image net only (2.5)."""

    block_kernels: tuple[int, ...] = (3, 3, 15, 15)
    """Kernel lengths of the four convolution steps of a block, in positions (2.1)."""

    block_dilations: tuple[int, ...] = (1, 1, 1, 8)
    """Dilations of the same steps (2.1)."""

    branch_scale: float = 0.05
    """Initial scale of the layer norms that end a residual branch. With 1 the branches of a deep
    body drown the signal at first, and learning waits. The paper says nothing of it."""

    dropout: float = 0.4
    """Dropout rate (2.1)."""

    word_dropout: float = 0.0
    """Rate at which a target is hidden from the decoder in training, so that it must look at the
    source (arXiv 1511.06349). Not in the paper; small data sets need it."""

    sound_word_dropout: float | None = None
    """The same where the source is sound, which a decoder learns to hear later than it learns its
    transcripts by heart; None: word_dropout."""

    ctc_weight: float = 0.0
    """Weight of a second loss on problems from audio to text: the encoder's output spells the
    target, byte by byte (CTC; arXiv 1609.06773). Not in the paper; few hours of speech need it."""

    ctc_decoding: float = 0.0
    """The weight of CTC in the choice of outputs. With 0 it has none; with 1 the encoder's
    spelling is the output. Between them a search weighs prefixes by both (arXiv 1609.06773).
    Needs ctc_weight."""

    share_embeddings: bool = True
    """One table embeds a vocabulary as input and as target (2.5: a shared vocabulary)."""

    tie_softmax: bool = False
    """The softmax weights are the embedding table. The paper has W_E and W_S apart (2.5)."""

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelConfig:
        """Inverse of `to_dict`. Raises `UserError` for settings of version 0.1, which were flat."""
        if "variant" in values:
            raise UserError(
                "These settings were written by t2t_multimodel 0.1, in which model.variant chose "
                "the body; this version has other settings and can not read them.",
                fix="To go on with the run, to score it or to decode with it, use the version that "
                "made it; with this one, train anew.",
            )
        return super().from_dict(values)

    def check(self) -> None:
        self.require(self.hidden_size >= 1, "hidden_size", "1 or more")
        self.require(0 <= self.branch_scale <= 1, "branch_scale", "from 0 to 1")
        for name in ("block_kernels", "block_dilations"):
            values = getattr(self, name)
            self.require(
                len(values) == 4 and min(values) >= 1, name, "a tuple of four, each 1 or more"
            )
        for name in ("dropout", "word_dropout"):
            self.require(0 <= getattr(self, name) < 1, name, "from 0 to below 1")
        rate = self.sound_word_dropout
        self.require(
            rate is None or 0 <= rate < 1, "sound_word_dropout", "from 0 to below 1, or none"
        )
        self.require(self.ctc_weight >= 0, "ctc_weight", "0 or more")
        self.require(0 <= self.ctc_decoding <= 1, "ctc_decoding", "from 0 to 1")
        self.require(
            not self.ctc_decoding or self.ctc_weight > 0, "ctc_decoding", "0 where ctc_weight is 0"
        )
        self._check_width()

    def _check_width(self) -> None:
        """Raises `UserError` for a width that the body cannot have."""
        multiple, of_what = self._width_multiple
        self.require(self.hidden_size % multiple == 0, "hidden_size", f"a multiple of {of_what}")
        self.require(
            isinstance(self.body, PaperBodyConfig) or self.hidden_size >= 32,
            "hidden_size",
            "32 or more in the bodies of T2T, whose timing signal has 32 channels",
        )

    @property
    def routes_padding(self) -> bool:
        """Whether padding goes to the experts too."""
        return isinstance(self.moe, ExpertsConfig) and self.moe.route_padding

    @property
    def routes_tasks(self) -> bool:
        """Whether the routers see the problem's command."""
        return isinstance(self.moe, ExpertsConfig) and self.moe.task_router

    @property
    def balance_rate(self) -> float:
        """Step of the routers' balancing biases; 0 where there are none."""
        return self.moe.balance_rate if isinstance(self.moe, ExpertsConfig) else 0.0

    @property
    def _width_multiple(self) -> tuple[int, str]:
        """What the body's width is a multiple of, and the same in words."""
        if isinstance(self.body, T2TV1BodyConfig):
            return 12, "12 in t2t_v1, whose convolutions have 2, 3 and 4 groups"
        own = self.body.attention if isinstance(self.body, PaperBodyConfig) else self.body
        if isinstance(own, SourceMeanConfig):
            return 2, "2, the sine and cosine of the timing signal"
        return 2 * own.heads, f"twice the {own.heads} attention heads"
