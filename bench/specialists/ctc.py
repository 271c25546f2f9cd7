"""A recogniser of speech: convolutions, an LSTM in both directions, and CTC over characters.

B rows, T frames, C channels.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.specialists.batches import endless, padded
from bench.specialists.records import Records
from bench.specialists.settings import Ctc

BLANK = 0


class SpeechSpecialist:
    """Log-mel frames to characters."""

    def __init__(self, settings: Ctc, records: Records, draws: np.random.Generator) -> None:
        self.settings, self._records, self._draws = settings, records, draws
        self.characters = sorted(set("".join(records.train.texts)))
        number = {one: n for n, one in enumerate(self.characters, 1)}
        self._targets = [torch.tensor([number[c] for c in t]) for t in records.train.texts]
        self.net = Net(settings, records.train.inputs[0].shape[1], len(self.characters) + 1)
        self.optimizer = torch.optim.Adam(self.net.parameters(), betas=(0.9, 0.98), fused=True)

    def losses(self) -> Iterator[Tensor]:
        """The loss of each next batch."""
        inputs = self._records.train.inputs
        lengths = np.asarray([len(one) for one in inputs])
        for chosen in endless(lengths, self.settings.frames, self._draws):
            frames = [masked(inputs[i], self.settings.mask, self._draws) for i in chosen]
            log_prob, heard = self.net(*as_tensors(frames))
            targets = [self._targets[i] for i in chosen]
            yield F.ctc_loss(
                log_prob.transpose(0, 1),
                torch.cat(targets),
                heard,
                torch.tensor([len(one) for one in targets]),
                zero_infinity=True,
            )

    @torch.no_grad()
    def outputs(self) -> dict[str, np.ndarray]:
        """The text of the best path for each example that is decoded."""
        texts = []
        for number in self._records.decoded:
            log_prob, _ = self.net(*as_tensors([self._records.test.inputs[number]]))
            path = torch.unique_consecutive(log_prob[0].argmax(-1)).tolist()
            texts.append("".join(self.characters[n - 1] for n in path if n != BLANK))
        return {"texts": np.asarray(texts)}


class Net(nn.Module):
    """Frames to log-probabilities of the blank and the characters, for every fourth frame."""

    def __init__(self, settings: Ctc, bins: int, symbols: int) -> None:
        super().__init__()
        channels = settings.channels
        self.convolutions = nn.ModuleList(
            nn.Conv1d(inputs, channels, 5, stride=2, padding=2) for inputs in (bins, channels)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(channels) for _ in range(2))
        self.dropout = nn.Dropout(settings.dropout)
        self.recurrent = nn.LSTM(
            channels,
            settings.width,
            settings.layers,
            bidirectional=True,
            dropout=settings.dropout if settings.layers > 1 else 0.0,
            batch_first=True,
        )
        self.out = nn.Linear(2 * settings.width, symbols)

    def forward(self, frames_BTC: Tensor, lengths_B: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities [B, T / 4, symbols] and how many of them each row has, int [B]."""
        x = frames_BTC.transpose(1, 2)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = self.dropout(F.relu(norm(convolution(x))))
            lengths_B = (lengths_B + 1) // 2
        packed = nn.utils.rnn.pack_padded_sequence(
            x.transpose(1, 2), lengths_B, batch_first=True, enforce_sorted=False
        )
        y, _ = nn.utils.rnn.pad_packed_sequence(self.recurrent(packed)[0], batch_first=True)
        return self.out(self.dropout(y)).log_softmax(-1), lengths_B


def as_tensors(frames: list[np.ndarray]) -> tuple[Tensor, Tensor]:
    """float [B, T, C] and the length of each row."""
    lengths = torch.tensor([len(one) for one in frames])
    return torch.from_numpy(padded(frames).astype(np.float32)), lengths


def masked(frames: np.ndarray, part: float, draws: np.random.Generator) -> np.ndarray:
    """Two bands of bins and two stretches of time, each up to `part`, set to 0 (the mean)."""
    frames = frames.copy()
    for view in (frames, frames, frames.T, frames.T):
        width = int(draws.integers(int(len(view) * part) + 1))
        begin = int(draws.integers(len(view) - width + 1))
        view[begin : begin + width] = 0
    return frames
