"""A plain pre-norm Transformer (arXiv 1706.03762), which decodes from caches.

B rows, S source and T target positions, H heads, D channels of the net, V sub-words.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.specialists.records import Records
from bench.specialists.settings import Transformer

PAD = 0


class Attention(nn.Module):
    """Multi-head attention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)

    def keys_and_values(self, x_BSD: Tensor) -> tuple[Tensor, Tensor]:
        """What is looked at: two of [B, H, S, D / H]."""
        key, value = self.key_value(x_BSD).chunk(2, dim=-1)
        return self._split(key), self._split(value)

    def forward(
        self, x_BTD: Tensor, looked_at: tuple[Tensor, Tensor], mask: Tensor | None, causal: bool
    ) -> Tensor:
        """[B, T, D]; `mask` is true where a position may look."""
        key, value = looked_at
        y = F.scaled_dot_product_attention(
            self._split(self.query(x_BTD)), key, value, attn_mask=mask, is_causal=causal
        )
        return self.out(y.transpose(1, 2).flatten(2))

    def _split(self, x_BTD: Tensor) -> Tensor:
        return x_BTD.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Layer(nn.Module):
    """Self-attention, attention to the source in a decoder, and a feed-forward layer."""

    def __init__(self, settings: Transformer, decoder: bool) -> None:
        super().__init__()
        width = settings.width
        self.self_attention = Attention(width, settings.heads)
        self.source_attention = Attention(width, settings.heads) if decoder else None
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.source_norm = nn.LayerNorm(width) if decoder else None
        self.widen = nn.Linear(width, settings.hidden)
        self.narrow = nn.Linear(settings.hidden, width)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(
        self, x_BTD: Tensor, mask: Tensor | None, source: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        """[B, T, D]. An encoder's positions see all of `mask`, a decoder's those before them."""
        y = self.norms[0](x_BTD)
        seen = self.self_attention.keys_and_values(y)
        own_mask = None if self.source_attention else mask
        causal = self.source_attention is not None
        x_BTD = x_BTD + self.dropout(self.self_attention(y, seen, own_mask, causal))
        return self._rest(x_BTD, mask, source)

    def of_source(self, memory_BSD: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the source, for a layer of a decoder."""
        assert self.source_attention is not None
        return self.source_attention.keys_and_values(memory_BSD)

    def step(self, x_B1D: Tensor, cache: Cache, layer: int) -> Tensor:
        """One position of a decoder, whose keys and values are added to the cache."""
        y = self.norms[0](x_B1D)
        new = self.self_attention.keys_and_values(y)
        before = cache.own[layer]
        seen = new
        if before is not None:
            seen = torch.cat([before[0], new[0]], dim=2), torch.cat([before[1], new[1]], dim=2)
        cache.own[layer] = seen
        x_B1D = x_B1D + self.self_attention(y, seen, None, causal=False)
        return self._rest(x_B1D, cache.mask, cache.source[layer])

    def _rest(
        self, x_BTD: Tensor, mask: Tensor | None, source: tuple[Tensor, Tensor] | None
    ) -> Tensor:
        if self.source_attention is not None and self.source_norm is not None:
            y = self.source_attention(self.source_norm(x_BTD), source, mask, causal=False)
            x_BTD = x_BTD + self.dropout(y)
        y = self.narrow(F.relu(self.widen(self.norms[-1](x_BTD))))
        return x_BTD + self.dropout(y)


@dataclass
class Cache:
    """What a decoder keeps of the source and of the positions before."""

    source: list[tuple[Tensor, Tensor]]
    """Keys and values of each layer, [B, H, S, D / H]."""
    mask: Tensor
    """bool [B, 1, 1, S], true at source positions that are no padding."""
    own: list[tuple[Tensor, Tensor] | None]
    """Keys and values of each layer, [B, H, t, D / H]; None before the first position."""
    position: int = 0

    def reorder(self, rows: Tensor) -> None:
        """Takes the own keys and values of these rows, int [B]; sources must stay the same."""
        self.own = [pair and (pair[0][rows], pair[1][rows]) for pair in self.own]


class Net(nn.Module):
    """Sources to logits of targets."""

    places: Tensor
    """float [positions, D], the timing signal."""

    def __init__(self, settings: Transformer, records: Records) -> None:
        super().__init__()
        width, layers = settings.width, settings.layers
        self.width, self.longest = width, records.longest
        self.target_table = nn.Embedding(records.target_size, width)
        nn.init.normal_(self.target_table.weight, std=width**-0.5)
        self.source_table = self.target_table
        if not records.shared:
            self.source_table = nn.Embedding(records.input_size, width)
            nn.init.normal_(self.source_table.weight, std=width**-0.5)
        self.encoder = nn.ModuleList(Layer(settings, decoder=False) for _ in range(layers))
        self.decoder = nn.ModuleList(Layer(settings, decoder=True) for _ in range(layers))
        self.encoder_norm, self.decoder_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dropout = nn.Dropout(settings.dropout)
        longest = max(map(len, [*records.train.inputs, *records.test.inputs]))
        places = sinusoids(max(longest, records.longest), width)
        self.register_buffer("places", places, persistent=False)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, source_BS: Tensor, target_BT: Tensor) -> Tensor:
        """Logits [n, V] of the n target positions that are no padding."""
        memory, mask = self._encoded(source_BS)
        begun = F.pad(target_BT[:, :-1], (1, 0), value=PAD)
        x = self._embedded(self.target_table, begun, 0)
        for layer in self._decoder():
            x = layer(x, mask, layer.of_source(memory))
        return self._logits(self.decoder_norm(x)[target_BT != PAD])

    def begin(self, source_BS: Tensor, copies: int) -> Cache:
        """The cache of so many copies of each row, one beside the other."""
        memory, mask = self._encoded(source_BS)
        memory, mask = (x.repeat_interleave(copies, dim=0) for x in (memory, mask))
        source = [layer.of_source(memory) for layer in self._decoder()]
        return Cache(source, mask, [None] * len(source))

    def step(self, token_B: Tensor, cache: Cache) -> Tensor:
        """Logits [B, V] of the position after `token_B`, which is `PAD` before the first."""
        x = self._embedded(self.target_table, token_B[:, None], cache.position)
        for number, layer in enumerate(self._decoder()):
            x = layer.step(x, cache, number)
        cache.position += 1
        return self._logits(self.decoder_norm(x[:, 0]))

    def _decoder(self) -> Iterator[Layer]:
        """The layers of the decoder, with their type."""
        for layer in self.decoder:
            assert isinstance(layer, Layer)
            yield layer

    def _encoded(self, source_BS: Tensor) -> tuple[Tensor, Tensor]:
        mask = (source_BS != PAD)[:, None, None]
        x = self._embedded(self.source_table, source_BS, 0)
        for layer in self.encoder:
            x = layer(x, mask)
        return self.encoder_norm(x), mask

    def _embedded(self, table: nn.Embedding, ids: Tensor, begin: int) -> Tensor:
        places = self.places[begin : begin + ids.shape[1]]
        return self.dropout(table(ids) * self.width**0.5 + places)

    def _logits(self, x: Tensor) -> Tensor:
        return F.linear(x, self.target_table.weight)


def sinusoids(positions: int, width: int) -> Tensor:
    """The timing signal, float [positions, width]."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(1e4) / width))
    angles = torch.arange(positions)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)[:, :width]
