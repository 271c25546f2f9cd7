"""ModelConfig: what the network is. The defaults are the paper's network."""

from __future__ import annotations

import dataclasses
from typing import Literal

from t2t_multimodel.config.base import Section


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig(Section):
    """Sizes and switches of the MultiModel (arXiv 1706.05137).

    Counts are of blocks, sizes of channels, rates of 1. Sections are those of the paper unless
    another source is named. `variant` says which body reads the fields.
    """

    variant: Literal["paper", "t2t_v1", "t2t_v2"] = "paper"
    """Wiring of the body: the paper's, or one of the two that Tensor2Tensor shipped."""

    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """Type of activations and products; weights, routers, norms and losses stay float32. For
    accelerators: on CPUs bfloat16 is slower."""

    hidden_size: int = 1024
    """Channels of the body, D. The paper names 1024 for its image net only (2.5)."""

    block_kernels: tuple[int, ...] = (3, 3, 15, 15)
    """Kernel lengths of the four convolution steps of a block, in positions (2.1)."""

    block_dilations: tuple[int, ...] = (1, 1, 1, 8)
    """Dilations of the same steps (2.1)."""

    separability: int = 0
    """Channel groups in the convolutions of t2t_v1: 0 for none, -2 for three and two in turn."""

    encoder_blocks: tuple[int, int] = (3, 3)
    """Convolution blocks before and after the encoder's mixture of experts (2.4)."""

    mixer_pre_blocks: int = 2
    """Convolution blocks on the targets inside the mixer's attention block (2.2)."""

    mixer_blocks: int = 2
    """Convolution blocks of the input/output mixer after its attention block (2.4)."""

    decoder_blocks: tuple[int, int] = (2, 2)
    """Convolution + attention pairs before and after the decoder's mixture of experts (2.4)."""

    encoder_timing: bool = True
    """Adds the timing signal to the encoder's input. The paper leaves this open."""

    attention: bool = True
    """False: each attention block adds the source's mean instead. An ablation (table 4)."""

    attention_heads: int = 8
    """Heads of every attention, g (2.2). Divides hidden_size."""

    attention_residual: bool = False
    """Adds the input of each attention to its output. Not in the paper; small runs need it."""

    attention_norm: bool = False
    """Layer normalisation after each attention. Not in the paper."""

    attention_projection: bool = False
    """Linear map on the joined heads of each attention. Not in the paper."""

    attention_qk_norm: bool = False
    """Layer normalisation of queries and keys (arXiv 2010.04245). Not in the paper."""

    moe: Literal["experts", "none", "dense_params", "dense_compute"] = "experts"
    """What stands in the mixtures' place: an ablation (table 4) by nothing, or by one dense layer
    with the parameters of all experts, or with the computation of those a token meets."""

    experts: int = 240
    """Experts of each mixture layer: 240 in the joint run, 60 alone (2.3, 3)."""

    experts_per_token: int = 4
    """Experts that each position is sent to, k (2.3)."""

    expert_groups: int = 1
    """Above 1: two-level routing, k of the groups, then k of the experts in each (1701.06538)."""

    expert_hidden: int = 1024
    """Width of an expert's hidden ReLU layer. The paper does not give it."""

    moe_loss_weight: float = 1e-2
    """Weight of CV^2(importance) + CV^2(load) in the loss (arXiv 1701.06538; value of T2T)."""

    balance_rate: float = 0.0
    """Step of the load-balancing bias on the choice of experts (arXiv 2408.15664); 0: none."""

    router_z_weight: float = 0.0
    """Weight of the router z-loss (arXiv 2202.08906; 1e-3 there); 0: none."""

    task_router: bool = False
    """Adds an embedding of the problem's command to the routers' input (arXiv 2206.04674)."""

    route_padding: bool = False
    """Sends padding to the experts and counts it, as Tensor2Tensor did. A fault; for variants."""

    branch_scale: float = 0.05
    """Initial scale of the layer norms that end a residual branch. With 1 the branches of a deep
    body drown the signal at first, and learning waits. The paper says nothing of it."""

    dropout: float = 0.4
    """Dropout rate (2.1)."""

    dropout_place: Literal["block", "branch"] = "block"
    """Drop a block's whole output (2.1), or each branch before its skip is added."""

    word_dropout: float = 0.0
    """Rate at which a target is hidden from the decoder in training, so that it must look at the
    source (arXiv 1511.06349). Not in the paper; small data sets need it."""

    ctc_weight: float = 0.0
    """Weight of a second loss on problems from audio to text: the encoder's output spells the
    target, byte by byte (CTC; arXiv 1609.06773). Not in the paper; few hours of speech need it."""

    ctc_decoding: float = 0.0
    """What CTC says of outputs, from 0, nothing, to 1: then the encoder's spelling is the output.
    Between them a search weighs prefixes by both (arXiv 1609.06773). Needs ctc_weight."""

    share_embeddings: bool = True
    """One table embeds a vocabulary as input and as target (2.5: a shared vocabulary)."""

    tie_softmax: bool = False
    """The softmax weights are the embedding table. The paper has W_E and W_S apart (2.5)."""

    class_path: Literal["encoder", "decoder"] = "encoder"
    """Class labels are read off the encoder, as T2T did, or off one decoded position."""

    image_blocks: int = 3
    """Residual blocks of the image net (2.5). Its total stride is 2 ** (image_blocks + 1)."""

    image_stem: Literal["separable", "full"] = "separable"
    """First convolutions of the image net: the paper's steps, or Xception's full convolutions."""

    exit_channels: tuple[int, int] = (1536, 2048)
    """Channels of the last two convolution steps of the class-label net (2.5)."""

    nets: Literal["paper", "t2t"] = "paper"
    """Modality nets for images, audio and labels: the paper's, or Tensor2Tensor's of 2017-06."""

    t2t_labels_2d: bool = True
    """The label net of T2T: over the picture, or over the sequence of its positions."""

    filter_size: int = 2048
    """Width of the inner convolutions, feed-forward layers and encoder experts of t2t_v2."""

    moe_layers: tuple[int, ...] = (2,)
    """Decoder layers of t2t_v2, counted from 0, that have experts for a feed-forward layer."""

    audio_channels: tuple[int, ...] = (2, 4, 8, 16, 32, 64, 128, 256)
    """Channels of the residual blocks of the audio net, each of stride 2 in time (2.5)."""

    audio_fold_frequency: bool = False
    """Mel bands are channels of one position in time, instead of a position each (2.5)."""

    def check(self) -> None:
        self._check_sizes()
        self.require(
            self.hidden_size % (2 * self.attention_heads) == 0,
            "hidden_size",
            f"a multiple of twice the {self.attention_heads} attention heads",
        )
        self.require(
            1 <= self.experts_per_token <= self.experts,
            "experts_per_token",
            f"from 1 to experts ({self.experts})",
        )
        self.require(
            self.expert_groups == 1
            or (
                self.experts % self.expert_groups == 0
                and self.experts_per_token
                <= min(self.expert_groups, self.experts // self.expert_groups)
            ),
            "expert_groups",
            f"1, or a divisor of {self.experts} that leaves experts_per_token "
            f"({self.experts_per_token}) or more groups, and as many experts in each",
        )
        self.require(0 <= self.branch_scale <= 1, "branch_scale", "from 0 to 1")
        for name in ("dropout", "word_dropout"):
            self.require(0 <= getattr(self, name) < 1, name, "from 0 to below 1")
        for name in ("moe_loss_weight", "balance_rate", "router_z_weight", "ctc_weight"):
            self.require(getattr(self, name) >= 0, name, "0 or more")
        self.require(0 <= self.ctc_decoding <= 1, "ctc_decoding", "from 0 to 1")
        self.require(
            not self.ctc_decoding or self.ctc_weight > 0, "ctc_decoding", "0 where ctc_weight is 0"
        )
        self._check_variant()

    def _check_variant(self) -> None:
        """What goes together."""
        paper = self.variant == "paper"
        for name in ("attention_qk_norm", "separability"):
            allowed = "t2t_v1" if name == "separability" else "paper"
            self.require(
                not getattr(self, name) or self.variant == allowed,
                name,
                f"off unless variant is {allowed}",
            )
        self.require(self.attention or paper, "attention", "on unless variant is paper")
        self.require(
            paper or self.hidden_size >= 32,
            "hidden_size",
            "32 or more in the variants of T2T, whose timing signal has 32 channels",
        )
        self.require(
            self.variant != "t2t_v1" or self.hidden_size % 12 == 0,
            "hidden_size",
            "a multiple of 12 in t2t_v1, whose convolutions have 2, 3 and 4 groups",
        )
        self.require(
            self.nets == "paper" or self.class_path == "encoder",
            "class_path",
            "encoder with the nets of T2T",
        )
        self.require(
            self.balance_rate == 0 or self.expert_groups == 1,
            "balance_rate",
            "0 with two-level routing",
        )

    def _check_sizes(self) -> None:
        for name in ("hidden_size", "attention_heads", "experts", "expert_hidden", "filter_size"):
            self.require(getattr(self, name) >= 1, name, "1 or more")
        for name in ("mixer_pre_blocks", "mixer_blocks", "image_blocks"):
            self.require(getattr(self, name) >= 0, name, "0 or more")
        for name in ("encoder_blocks", "decoder_blocks"):
            self.require(min(getattr(self, name)) >= 0, name, "0 or more each")
        for name in ("block_kernels", "block_dilations"):
            values = getattr(self, name)
            self.require(
                len(values) == 4 and min(values) >= 1, name, "a tuple of four, each 1 or more"
            )
        for name in ("exit_channels", "audio_channels"):
            values = getattr(self, name)
            self.require(bool(values) and min(values) >= 1, name, "a tuple, each 1 or more")
