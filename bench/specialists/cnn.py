"""A small convolutional net for images."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.specialists.records import Examples, Records
from bench.specialists.settings import Cnn


class ImageSpecialist:
    """Images to classes."""

    def __init__(self, settings: Cnn, records: Records, draws: np.random.Generator) -> None:
        self.settings, self._draws = settings, draws
        pixels = np.stack(records.train.inputs)
        self._mean, self._spread = float(pixels.mean()), float(pixels.std())
        self._train, self._test = self._tensors(records.train), self._tensors(records.test)
        self.net = network(settings, pixels.shape[-1], records.target_size)
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), weight_decay=settings.decay, fused=True
        )

    def losses(self) -> Iterator[Tensor]:
        """The loss of each next batch."""
        images, labels = self._train
        while True:
            order = torch.from_numpy(self._draws.permutation(len(labels)))
            for chosen in order.split(self.settings.rows):
                logits = self.net(images[chosen])
                yield F.cross_entropy(
                    logits, labels[chosen], label_smoothing=self.settings.smoothing
                )

    @torch.no_grad()
    def outputs(self) -> dict[str, np.ndarray]:
        """log_prob and rank of each label, [n], and the classes of each image, best first."""
        images, labels = self._test
        logits = torch.cat([self.net(part) for part in images.split(256)])
        return {**of_targets(logits, labels), "classes": logits.argsort(-1, True).numpy()}

    def _tensors(self, examples: Examples) -> tuple[Tensor, Tensor]:
        pixels = np.stack(examples.inputs).astype(np.float32)
        images = torch.from_numpy((pixels - self._mean) / self._spread).permute(0, 3, 1, 2)
        return images.contiguous(), torch.from_numpy(np.stack(examples.targets)).long()


def network(settings: Cnn, channels: int, classes: int) -> nn.Module:
    """Images [B, channels, H, W] to logits [B, classes]."""
    widths = [channels, *(settings.width * 2**stage for stage in range(3))]
    stages: list[nn.Module] = []
    for before, width in zip(widths, widths[1:], strict=False):
        for inputs in (before, width):
            conv = nn.Conv2d(inputs, width, 3, padding=1, bias=False)
            stages += [conv, nn.BatchNorm2d(width), nn.ReLU()]
        stages.append(nn.MaxPool2d(2, ceil_mode=True))
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(settings.dropout)]
    return nn.Sequential(*stages, *head, nn.Linear(widths[-1], classes))


def of_targets(logits: Tensor, targets: Tensor) -> dict[str, np.ndarray]:
    """log_prob of the targets and rank, the number of entries above each.

    Args:
        logits: [n, size].
        targets: int [n].
    """
    chosen = logits.gather(-1, targets[:, None])
    log_prob = chosen[:, 0] - logits.logsumexp(-1)
    return {"log_prob": log_prob.numpy(), "rank": (logits > chosen).sum(-1).numpy()}
