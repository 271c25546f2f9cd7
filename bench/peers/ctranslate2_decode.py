"""Greedy output of CTranslate2 with random weights, a Transformer of width 128 with 2 + 2 layers.

    python -m bench.peers.ctranslate2_decode --rows=32 --length=64 --type=int8

prints a JSON line with the CPU and wall milliseconds of a batch, medians, as `decode.py` does. No
output ends before its last position.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from ctranslate2.specs import transformer_spec

from bench.cost import median_cost
from bench.specialists.settings import Transformer

POSITIONS = 512
OWN = ("<blank>", "<s>", "</s>")
"""Pieces of the vocabulary that no sentence holds."""


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1)
    parser.add_argument("--length", type=int, default=64, help="of every source and output")
    parser.add_argument("--vocab", type=int, default=4096)
    parser.add_argument("--type", choices=["float32", "int8"], default="float32")
    parser.add_argument("--calls", type=int, default=10)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        save_random(Path(folder), Transformer(), flags.vocab)
        translator = ctranslate2.Translator(
            folder, device="cpu", compute_type=flags.type, inter_threads=1, intra_threads=1
        )
    ids = np.random.default_rng(0).integers(0, flags.vocab - len(OWN), (flags.rows, flags.length))
    sources = [[f"t{i}" for i in row] for row in ids]
    exact = {"max_decoding_length": flags.length, "min_decoding_length": flags.length}

    def decode(_: int) -> Any:
        return translator.translate_batch(sources, beam_size=1, max_batch_size=0, **exact)

    if any(len(one.hypotheses[0]) != flags.length for one in decode(0)):
        sys.exit("An output ended before its last position.")
    cpu_ms, wall_ms = median_cost(decode, flags.calls)
    print(json.dumps({"type": flags.type, "cpu_ms": cpu_ms, "wall_ms": wall_ms}))


def save_random(folder: Path, settings: Transformer, vocab: int) -> None:
    """Writes a model with random weights."""
    rng, width = np.random.default_rng(0), settings.width

    def linear(layer: Any, outputs: int, inputs: int) -> None:
        layer.weight = rng.normal(0, inputs**-0.5, (outputs, inputs)).astype(np.float32)
        layer.bias = np.zeros(outputs, np.float32)

    def norm(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(width, np.float32), np.zeros(width, np.float32)

    def attention(layer: Any, of_source: bool) -> None:
        norm(layer.layer_norm)
        for one, times in zip(layer.linear, (1, 2, 1) if of_source else (3, 1), strict=True):
            linear(one, times * width, width)

    def feed_forward(layer: Any) -> None:
        norm(layer.layer_norm)
        linear(layer.linear_0, settings.hidden, width)
        linear(layer.linear_1, width, settings.hidden)

    layers = (settings.layers, settings.layers)
    spec = transformer_spec.TransformerSpec.from_config(layers, settings.heads, pre_norm=True)
    table = rng.normal(0, width**-0.5, (vocab, width)).astype(np.float32)
    for side in (spec.encoder, spec.decoder):
        embeddings = side.embeddings
        first = embeddings[0] if isinstance(embeddings, list) else embeddings
        first.weight = table
        side.position_encodings.encodings = rng.normal(size=(POSITIONS, width)).astype(np.float32)
        norm(side.layer_norm)
        for layer in side.layer:
            attention(layer.self_attention, of_source=False)
            feed_forward(layer.ffn)
    for layer in spec.decoder.layer:
        attention(layer.attention, of_source=True)
    linear(spec.decoder.projection, vocab, width)
    pieces = [*OWN, *(f"t{i}" for i in range(vocab - len(OWN)))]
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.validate()
    spec.save(str(folder))


if __name__ == "__main__":
    main()
