"""Metrics of classes, translations and transcripts, computed on decoded output.

A metric is a function (targets, outputs) -> float over a whole split. For text, outputs are
strings as a person reads them; a target is a string, or a tuple of several that are equally good.
For class labels, targets are class numbers and an output is int [classes], best first. Metrics
of trees are in `tree_metrics`, of captions in `caption_metrics`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from t2t_multimodel import registry
from t2t_multimodel.errors import UserError, foreign, unknown
from t2t_multimodel.metrics.score import SummedMetric, references, summed
from t2t_multimodel.registry import register_metric

FIRST = 5
"""top5 looks at so many classes; where there are no more it would always be right."""

M = TypeVar("M", bound=Callable[..., float])


def lower_is_better(metric: M) -> M:
    """Marks an error rate, so that tables know which of two scores is the better one.

    Write it below `@register_metric("name")`; metrics without it grow with quality.
    """
    metric.lower_is_better = True  # type: ignore[attr-defined]
    return metric


LOSSES = ("log_ppl", "log_ppl_tempered")
"""Teacher-forced scores that are better if lower."""


def is_lower_better(score: str) -> bool:
    """Whether less is better, for a score by its full name, such as teacher_forced/log_ppl.

    It is for every loss, such as loss/squared_error.

    Raises:
        UserError: a decoded score of a metric that nobody registered.
    """
    kind, _, name = score.rpartition("/")
    if kind == "loss":
        return True
    if kind == "teacher_forced" or name in LOSSES:
        return name in LOSSES
    return getattr(registry.metrics.get(name), "lower_is_better", False)


@register_metric("top1")
@summed()
def top1(targets: Sequence[int], outputs: Sequence[Any]) -> np.ndarray:
    """Share of examples whose best-ranked class is the target."""
    return _in_first(1, targets, outputs)


@register_metric("top5")
@summed()
def top5(targets: Sequence[int], outputs: Sequence[Any]) -> np.ndarray:
    """Share of examples whose target is among the five best-ranked classes."""
    return _in_first(FIRST, targets, outputs)


def _in_first(n: int, targets: Sequence[int], outputs: Sequence[Any]) -> np.ndarray:
    hits = [int(t) in map(int, o[:n]) for t, o in zip(targets, outputs, strict=True)]
    return of_examples(hits)


def of_examples(values: Sequence[float]) -> np.ndarray:
    """Counts [examples, 2] whose ratio is the mean of the values."""
    return np.stack([np.asarray(values, np.float64), np.ones(len(values))], axis=1)


@register_metric("exact")
@summed()
def exact(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    """Share of outputs equal to a reference, whitespace apart."""
    return of_examples(
        [
            output.split() in [reference.split() for reference in references(target)]
            for target, output in zip(targets, outputs, strict=True)
        ]
    )


class SacreBleu:
    """A corpus score of sacrebleu: its counts of each sentence, and its score of their sum.

    sacrebleu has no public way from a sentence to its counts. `setup.cfg` bounds its version, and
    the tests compare each score with sacrebleu's public `corpus_score`.

    Args:
        name: `BLEU` or `CHRF`, a class of `sacrebleu.metrics`.
        options: of that class.
    """

    def __init__(self, name: str, **options: Any) -> None:
        self._name = name
        self._options = options

    def make(self) -> Any:
        """A new scorer of sacrebleu."""
        from sacrebleu import metrics

        return getattr(metrics, self._name)(**self._options)

    def counts(self, targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
        """Counts [examples, n], to be summed."""
        return np.asarray(self.make()._extract_corpus_statistics(outputs, streams(targets)))

    @functools.cached_property
    def _scorer(self) -> Any:
        return self.make()

    def score(self, sums: np.ndarray) -> float:
        """The score, 0 to 100, of counts that were summed."""
        return float(self._scorer._compute_score_from_stats(sums.astype(int).tolist()).score)


_BLEU = SacreBleu("BLEU", force=True)  # force: sacrebleu does not warn of tokenised text
_CHRF = SacreBleu("CHRF")


@register_metric("bleu")
@summed(_BLEU.score)
def bleu(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    """Corpus BLEU-4, 0 to 100, as sacrebleu defines it (Post 2018, arXiv 1804.08771)."""
    return _BLEU.counts(targets, outputs)


TOKENIZERS = ("none", "13a", "intl", "char", "zh", "ja-mecab", "ko-mecab")
"""Those of sacrebleu that need no download: zh for Chinese, ja-mecab for Japanese (with the extra
packages of `pip install 'sacrebleu[ja]'`), char for any language without blanks."""


@functools.cache
def _bleu_by(tokenizer: str) -> SacreBleu:
    """BLEU of texts that a tokenizer of sacrebleu has split.

    Raises:
        UserError: there is no such tokenizer, or it is not installed.
    """
    if tokenizer not in TOKENIZERS:
        raise unknown("tokenizer of bleu", tokenizer, TOKENIZERS)
    found = SacreBleu("BLEU", force=True, tokenize=tokenizer)
    with foreign(lambda why: UserError(f"bleu:{tokenizer} can not be used: {why}.")):
        found.make()
    return found


@functools.cache
def _bleu_with(tokenizer: str) -> SummedMetric:
    scorer = _bleu_by(tokenizer)
    return SummedMetric(scorer.counts, scorer.score, lower_is_better=False)


bleu.with_option = _bleu_with  # type: ignore[attr-defined]


@register_metric("chrf")
@summed(_CHRF.score)
def chrf(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    """Corpus chrF2 of character n-grams to 6, 0 to 100 (Popovic 2015), by sacrebleu."""
    return _CHRF.counts(targets, outputs)


SACREBLEU = {"bleu": _BLEU.make, "chrf": _CHRF.make}
"""Metric -> maker of the scorer of sacrebleu behind it."""


def sacrebleu_of(name: str) -> Callable[[], Any] | None:
    """The maker of sacrebleu's scorer behind a metric; None for metrics of others."""
    base, _, tokenizer = name.partition(":")
    return _bleu_by(tokenizer).make if base == "bleu" and tokenizer else SACREBLEU.get(name)


def streams(targets: Sequence[Any]) -> list[list[str | None]]:
    """References as sacrebleu takes them: first ones, second ones, ...; None where one lacks."""
    all_of = [references(target) for target in targets]
    most = max(map(len, all_of))
    return [[texts[i] if i < len(texts) else None for texts in all_of] for i in range(most)]


def signature(name: str, references: int = 1) -> str:
    """Sacrebleu's own signature of `bleu` or `chrf`, to be printed beside the score.

    For example ``nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0``.
    """
    make = sacrebleu_of(name)
    assert make is not None
    scorer = make()
    scorer.corpus_score(["a"], [["a"]] * references)  # the signature holds their number
    return str(scorer.get_signature())


def _error_rate(sums: np.ndarray) -> float:
    edits, reference = sums
    return edits / reference if reference else float(edits > 0)


@register_metric("wer")
@summed(_error_rate, lower_is_better=True)
def wer(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    """Word error rate: all insertions, deletions and substitutions over all reference words.

    Words are split at whitespace, case and punctuation count. Every word put out for an empty
    reference is an insertion. With no reference word at all it is 0 for silence, else 1. Of
    several references the first counts.
    """
    from jiwer import process_words

    return _edits(process_words, targets, outputs)


@register_metric("cer")
@summed(_error_rate, lower_is_better=True)
def cer(targets: Sequence[Any], outputs: Sequence[str]) -> np.ndarray:
    """Character error rate: as `wer` over characters; a run of whitespace is one blank."""
    from jiwer import process_characters

    return _edits(process_characters, targets, outputs)


def _edits(
    process: Callable[[str, str], Any], targets: Sequence[Any], outputs: Sequence[str]
) -> np.ndarray:
    """Edits and reference length of each example, [examples, 2]."""

    def rows() -> Iterator[tuple[int, int]]:
        for target, output in zip(targets, outputs, strict=True):
            found = process(_one_line(references(target)[0]), _one_line(output))
            kept = found.deletions + found.substitutions
            yield found.insertions + kept, found.hits + kept

    return np.asarray(list(rows()))


def _one_line(text: str) -> str:
    return " ".join(text.split())
