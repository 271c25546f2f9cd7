"""Greedy and beam search with the plain Transformer."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from bench.specialists.transformer import PAD, Net

END = 1
"""The sub-word that ends each text."""
ALPHA = 0.6
"""Outputs are ranked by log-probability / ((5 + length) / 6) ** ALPHA, as the project does."""


@torch.no_grad()
def searched(net: Net, source_BS: Tensor, beams: int) -> list[list[int]]:
    """The best output of each row, without its end.

    Args:
        net: in evaluation.
        source_BS: sub-words, zeros behind each row.
        beams: outputs that are followed; 1: greedy. A row is done when so many have ended.
    """
    rows, wide = len(source_BS), 2 * beams if beams > 1 else 1
    cache = net.begin(source_BS, beams)
    ended: list[list[tuple[float, list[int]]]] = [[] for _ in range(rows)]
    total = torch.full((rows, beams), -torch.inf)
    total[:, 0] = 0  # all beams begin alike: only the first one counts
    token = torch.full((rows * beams,), PAD)
    written = torch.zeros(rows * beams, 0, dtype=torch.long)
    first_beam = beams * torch.arange(rows)[:, None]
    for length in range(1, net.longest + 1):
        scores = F.log_softmax(net.step(token, cache), dim=-1)
        scores[:, PAD] = -torch.inf  # it is no part of a text
        every = (total.reshape(-1, 1) + scores).reshape(rows, -1)
        value, index = every.topk(wide)
        origin, word = index // scores.shape[-1], index % scores.shape[-1]
        for row, place in (word[:, :beams] == END).nonzero().tolist():
            if len(ended[row]) < beams:
                ids = written[row * beams + int(origin[row, place])].tolist()
                ended[row].append((float(value[row, place]) / penalty(length), ids))
        if all(len(one) == beams for one in ended):
            break
        total, place = value.masked_fill(word == END, -torch.inf).topk(beams)
        came_from = (first_beam + origin.gather(1, place)).reshape(-1)
        token = word.gather(1, place).reshape(-1)
        written = torch.cat([written[came_from], token[:, None]], dim=1)
        cache.reorder(came_from)
    # what never ends is cut where the longest output ends
    return [max(one)[1] if one else written[row * beams].tolist() for row, one in enumerate(ended)]


def penalty(length: int) -> float:
    """What the log-probability of so many sub-words, the end included, is divided by."""
    return ((5 + length) / 6) ** ALPHA
