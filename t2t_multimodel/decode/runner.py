"""Does the work of `mm-decode`: inputs pass one model in windows, answers keep their order."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.checkpoints.recorded_features import check_features
from t2t_multimodel.config import Config
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.data.datagen import Prepared, prepare
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.data.raw_dirs import RawDir
from t2t_multimodel.decode.decoder import Decoder
from t2t_multimodel.decode.grammar import guides
from t2t_multimodel.decode.grouping import Grouping
from t2t_multimodel.decode.inputs import InputEncoder, Item, split_items
from t2t_multimodel.decode.lines import LineReader
from t2t_multimodel.decode.outputs import Answer, as_json, as_text
from t2t_multimodel.errors import UserError
from t2t_multimodel.problem import Problem
from t2t_multimodel.registry import problems

WINDOW = 2048
"""Most inputs that are held at once; those of like length among them are decoded together."""

Scores = tuple[float | None, ...]
"""The scores of an input's outputs; None for values, which have no probability."""


@dataclass(frozen=True, kw_only=True)
class DecodeRequest:
    """Says what is decoded, and how it is written."""

    problem: str
    config: DecodeConfig
    input_file: Path | None = None
    """None: standard input."""
    split: str | None = None
    """Decode this split of the problem instead of lines."""
    output_file: Path | None = None
    """None: standard output."""
    scores: bool = False
    """Write each output's score before it."""
    raw: bool = True
    """Write the model's tokens; else trees have the words of their sentences."""
    json_lines: bool = False
    """Write a JSON object for each input."""
    batch_size: int = 64
    """Most inputs that are decoded at once."""
    data_dir: Path = Path("data")
    raw_dir: RawDir = None


def decode(checkpoint: Checkpoint, request: DecodeRequest) -> None:
    """Writes one line for each input, in order; says on stderr what it could not read.

    Raises:
        UserError: the input file can not be opened, or the problem has no such split.
    """
    with _opened(request.input_file) as descriptor, _written(request.output_file) as output:
        check_features(checkpoint, [request.problem])
        config, tokenizers = checkpoint.config(), checkpoint.tokenizers()
        problem: Problem = problems.get(request.problem)()
        prepared = _prepared(request, config, tokenizers) if request.split else None
        own = guides(problem, tokenizers)
        decoder = Decoder(checkpoint.model(), request.problem, request.config, own)
        run = Runner(problem, tokenizers, decoder, config, request)
        if prepared is not None and request.split:
            items = split_items(prepared, request.split)
            windows = iter(lambda: list(islice(items, WINDOW)), [])
        else:
            prompt = f"{request.problem}> " if os.isatty(descriptor) else ""
            windows = item_windows(descriptor, InputEncoder(problem, tokenizers), prompt)
        faults = 0
        for window in windows:
            answers = run.answers(window)
            faults += report(window)
            lines = (run.line(answer) for answer in answers)
            output.write("".join(f"{line}\n" for line in lines).encode())
            output.flush()
    if faults:
        print(f"Inputs that could not be read: {faults:,}.", file=sys.stderr)


class Runner:
    """Decodes windows of inputs with one decoder."""

    def __init__(
        self,
        problem: Problem,
        tokenizers: dict[str, Any],
        decoder: Decoder,
        config: Config,
        request: DecodeRequest,
    ) -> None:
        self._problem, self._decoder, self._request = problem, decoder, request
        self._tokenizer = problem.tokenizer("targets", tokenizers)
        self._source_tokenizer = problem.tokenizer("inputs", tokenizers)
        followed = {"greedy": 1, "beam": request.config.beam_size, "sample": request.config.nbest}
        rows_each = followed[request.config.method]
        self._grouping = Grouping(problem, config.data, request.batch_size, rows_each)

    def answers(self, items: Sequence[Item]) -> list[Answer]:
        """The answers in the order of the items."""
        answers = [Answer(item.number, fault=item.fault, target=item.target) for item in items]
        for chosen in self._grouping.batches([item.array for item in items]):
            arrays = [items[i].array for i in chosen]
            for i, (outputs, scores) in zip(chosen, self._decode(arrays), strict=True):
                source = self._source(items[i].array)
                texts = tuple(
                    self._beside(self._problem.targets.words(one, self._tokenizer), source)
                    for one in outputs
                )
                target = self._beside(items[i].target, source)
                answers[i] = Answer(items[i].number, texts, scores, outputs=outputs, target=target)
        return answers

    def _source(self, array: Any) -> str:
        """The text of an input, where outputs are shown beside it; else nothing."""
        if self._request.raw or self._problem.inputs.medium != "text":
            return ""
        return self._problem.inputs.words(array, self._source_tokenizer)

    def _beside(self, words: Any, source: str) -> Any:
        """An output, or a target if it is a text, beside the text of its input."""
        is_text = bool(source) and isinstance(words, str)
        return self._problem.targets.beside(words, source) if is_text else words

    def line(self, answer: Answer) -> str:
        """An answer as it is written, without its newline."""
        if self._request.json_lines:
            return as_json(answer)
        return as_text(answer, self._request.scores)

    def _decode(self, arrays: Sequence[Any]) -> Iterator[tuple[tuple[np.ndarray, ...], Scores]]:
        """Outputs and scores for each input, best first."""
        decoded = self._decoder(self._grouping.collated(arrays))
        scored = self._decoder.output != "values"
        for ids, scores in zip(decoded.ids, decoded.scores, strict=True):
            real = np.isfinite(scores)
            yield tuple(ids[real]), tuple(float(s) if scored else None for s in scores[real])


def item_windows(descriptor: int, encode: InputEncoder, prompt: str) -> Iterator[list[Item]]:
    """The lines of a file, pipe or terminal, encoded, in windows; at a terminal one by one."""
    reader = LineReader(descriptor)
    while True:
        print(prompt, end="", file=sys.stderr, flush=True)
        lines = reader.window(1 if prompt else WINDOW)
        if not lines:
            print(end="\n" if prompt else "", file=sys.stderr)
            return
        yield [encode(line) for line in lines]


def report(items: Sequence[Item]) -> int:
    """Says which inputs could not be read or were cut; returns how many could not be read."""
    for item in items:
        if item.fault:
            print(f"line {item.number:,}: {item.fault}; its output is empty.", file=sys.stderr)
        elif item.note:
            print(f"line {item.number:,}: {item.note}.", file=sys.stderr)
    return sum(bool(item.fault) for item in items)


def _prepared(request: DecodeRequest, config: Config, tokenizers: dict[str, Any]) -> Prepared:
    """The problem with its records, made if they are not there, with the model's vocabularies."""

    def report(line: str) -> None:
        print(line, file=sys.stderr)

    names, data_dir, raw_dir = [request.problem], request.data_dir, request.raw_dir
    return prepare(names, data_dir, raw_dir, config, tokenizers, report)[request.problem]


@contextmanager
def _opened(path: Path | None) -> Iterator[int]:
    """A descriptor of the file, or of standard input."""
    if path is None:
        yield 0
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise UserError(f"{path} can not be read: {error.strerror}.") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _written(path: Path | None) -> Iterator[BinaryIO]:
    """The file, which appears when it is whole, or standard output."""
    if path is None:
        yield sys.stdout.buffer
        return
    with written_by_rename(path) as file:
        yield file
