"""What stands in the mixtures' place: experts, or an ablation (table 4 of the paper)."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from t2t_multimodel.config.base import Section


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExpertsConfig(Section):
    """Sparsely gated experts (2.3; arXiv 1701.06538)."""

    kind: ClassVar[str] = "experts"

    experts: int = 240
    """Experts of each mixture layer: 240 in the joint run, 60 alone (2.3, 3)."""

    per_token: int = 4
    """Experts that each position is sent to, k (2.3)."""

    groups: int = 1
    """Above 1: two-level routing, k of the groups, then k of the experts in each (1701.06538)."""

    hidden: int = 1024
    """Width of an expert's hidden ReLU layer. The paper does not give it."""

    loss_weight: float = 1e-2
    """Weight of CV^2(importance) + CV^2(load) in the loss (arXiv 1701.06538; value of T2T)."""

    z_loss_weight: float = 0.0
    """Weight of the router z-loss (arXiv 2202.08906; 1e-3 there); 0: none."""

    balance_rate: float = 0.0
    """Step of the load-balancing bias on the choice of experts (arXiv 2408.15664); 0: none."""

    task_router: bool = False
    """Adds an embedding of the problem's command to the routers' input (arXiv 2206.04674)."""

    route_padding: bool = False
    """Sends padding to the experts and counts it, as Tensor2Tensor did. A fault; for variants."""

    def check(self) -> None:
        for name in ("experts", "hidden"):
            self.require(getattr(self, name) >= 1, name, "1 or more")
        for name in ("loss_weight", "balance_rate", "z_loss_weight"):
            self.require(getattr(self, name) >= 0, name, "0 or more")
        self.require(
            1 <= self.per_token <= self.experts,
            "per_token",
            f"from 1 to experts ({self.experts})",
        )
        each = self.experts // max(1, self.groups)
        self.require(
            self.groups == 1
            or (
                self.groups >= 1
                and self.experts % self.groups == 0
                and self.per_token <= min(self.groups, each)
            ),
            "groups",
            f"1, or a divisor of {self.experts} that leaves per_token "
            f"({self.per_token}) or more groups, and as many experts in each",
        )
        self.require(
            self.balance_rate == 0 or self.groups == 1,
            "balance_rate",
            "0 with two-level routing",
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoExpertsConfig(Section):
    """Nothing in the mixtures' place; their skip and their norm stay."""

    kind: ClassVar[str] = "none"


@dataclasses.dataclass(frozen=True, kw_only=True)
class DenseParamsConfig(Section):
    """One dense layer with the parameters of all experts."""

    kind: ClassVar[str] = "dense_params"

    experts: int = 240
    """Experts whose parameters the layer has: it is so many times as wide as one."""

    hidden: int = 1024
    """Width of an expert's hidden layer."""

    def check(self) -> None:
        for name in ("experts", "hidden"):
            self.require(getattr(self, name) >= 1, name, "1 or more")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DenseComputeConfig(Section):
    """One dense layer with the computation of the experts that a token meets."""

    kind: ClassVar[str] = "dense_compute"

    per_token: int = 4
    """Experts whose computation the layer has: it is so many times as wide as one."""

    hidden: int = 1024
    """Width of an expert's hidden layer."""

    def check(self) -> None:
        for name in ("per_token", "hidden"):
            self.require(getattr(self, name) >= 1, name, "1 or more")
