"""Metrics of decoded output: functions of targets and outputs, one number for a whole split.

For text, targets and outputs are strings as a person reads them. For class labels, targets are
class numbers and an output is int [classes], the class numbers ranked best first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from t2t_multimodel import registry
from t2t_multimodel.evaluate.brackets import read_tree
from t2t_multimodel.registry import register_metric

M = TypeVar("M", bound=Callable[..., float])


def lower_is_better(metric: M) -> M:
    """Marks an error rate, so that tables know which of two scores is the better one.

    Write it below `@register_metric("name")`; metrics without it grow with quality.
    """
    metric.lower_is_better = True  # type: ignore[attr-defined]
    return metric


def is_lower_better(score: str) -> bool:
    """Whether less is better, for a score by its full name: log_ppl, tf/accuracy, decoded/wer.

    Raises:
        UserError: a decoded score of a metric that nobody registered.
    """
    kind, _, name = score.rpartition("/")
    if kind == "tf" or name == "log_ppl":
        return name == "log_ppl"
    return getattr(registry.metrics.get(name), "lower_is_better", False)


@register_metric("top1")
def top1(targets: Sequence[Any], outputs: Sequence[Any]) -> float:
    """Share of examples whose best-ranked class is the target."""
    return _share_in_first(1, targets, outputs)


@register_metric("top5")
def top5(targets: Sequence[Any], outputs: Sequence[Any]) -> float:
    """Share of examples whose target is among the five best-ranked classes."""
    return _share_in_first(5, targets, outputs)


def _share_in_first(n: int, targets: Sequence[Any], outputs: Sequence[Any]) -> float:
    _check(targets, outputs)
    hits = (int(target) in map(int, output[:n]) for target, output in _pairs(targets, outputs))
    return sum(hits) / len(targets)


@register_metric("exact")
def exact(targets: Sequence[Any], outputs: Sequence[Any]) -> float:
    """Share of outputs equal to their target, whitespace apart."""
    _check(targets, outputs)
    equal = (target.split() == output.split() for target, output in _pairs(targets, outputs))
    return sum(equal) / len(targets)


@register_metric("bleu")
def bleu(targets: Sequence[Any], outputs: Sequence[Any]) -> float:
    """Corpus BLEU-4, 0 to 100, as sacrebleu defines it (Post 2018, arXiv 1804.08771)."""
    return _corpus_score("bleu", targets, outputs).score


@register_metric("chrf")
def chrf(targets: Sequence[Any], outputs: Sequence[Any]) -> float:
    """Corpus chrF2 of character n-grams to 6, 0 to 100 (Popovic 2015), by sacrebleu."""
    return _corpus_score("chrf", targets, outputs).score


def signature(name: str) -> str:
    """Sacrebleu's own signature of `bleu` or `chrf`, to be printed beside the score.

    For example ``nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0``.
    """
    scorer = _sacrebleu(name)
    scorer.corpus_score(["a"], [["a"]])  # the signature holds the number of references
    return str(scorer.get_signature())


def _corpus_score(name: str, targets: Sequence[str], outputs: Sequence[str]) -> Any:
    _check(targets, outputs)
    return _sacrebleu(name).corpus_score(list(outputs), [list(targets)])


def _sacrebleu(name: str) -> Any:
    from sacrebleu.metrics import BLEU, CHRF

    return BLEU(force=True) if name == "bleu" else CHRF()  # force: no warning on tokenised text


@register_metric("wer")
@lower_is_better
def wer(targets: Sequence[Any], outputs: Sequence[Any]) -> float:
    """Word error rate: all insertions, deletions and substitutions over all reference words.

    Words are split at whitespace, case and punctuation count. Every word put out for an empty
    reference is an insertion. With no reference word at all it is 0 for silence, else 1.
    """
    from jiwer import process_words

    _check(targets, outputs)
    return _error_rate(process_words(_one_line(targets), _one_line(outputs)))


@register_metric("cer")
@lower_is_better
def cer(targets: Sequence[Any], outputs: Sequence[Any]) -> float:
    """Character error rate: as `wer` over characters; a run of whitespace is one blank."""
    from jiwer import process_characters

    _check(targets, outputs)
    return _error_rate(process_characters(_one_line(targets), _one_line(outputs)))


def _one_line(texts: Sequence[str]) -> list[str]:
    return [" ".join(text.split()) for text in texts]


def _error_rate(counts: Any) -> float:
    edits = counts.insertions + counts.deletions + counts.substitutions
    reference = counts.hits + counts.deletions + counts.substitutions
    return edits / reference if reference else float(edits > 0)


@register_metric("bracket_f1")
def bracket_f1(targets: Sequence[Any], outputs: Sequence[Any]) -> float:
    """Labelled bracket F1, 0 to 1, from sums over the split (as EVALB: Black et al. 1991).

    Trees are linearised as ``(S (NP XX NP) (VP XX VP) S)``. A bracket is (label, first leaf, end),
    leaves counted from the left; brackets are matched as multisets, so that one output bracket
    meets one of the target. All labels count, the root's too; empty brackets do not. A malformed
    output is repaired by the rules of `read_tree` and scored, never skipped.
    """
    _check(targets, outputs)
    matched = expected = given = 0
    for target, output in _pairs(targets, outputs):
        gold, found = Counter(read_tree(target).brackets), Counter(read_tree(output).brackets)
        matched += (gold & found).total()
        expected += gold.total()
        given += found.total()
    return 2 * matched / (expected + given) if expected + given else 0.0


@register_metric("well_formed")
def well_formed(targets: Sequence[Any], outputs: Sequence[Any]) -> float:
    """Share of outputs that are one whole tree: nothing to repair, and a single root."""
    _check(targets, outputs)
    return sum(read_tree(output).well_formed for output in outputs) / len(outputs)


def _pairs(targets: Sequence[Any], outputs: Sequence[Any]) -> zip[tuple[Any, Any]]:
    return zip(targets, outputs, strict=True)


def _check(targets: Sequence[Any], outputs: Sequence[Any]) -> None:
    if len(targets) != len(outputs) or not len(targets):
        raise ValueError(
            f"a metric needs an output for each of one or more targets, "
            f"but got {len(targets)} targets and {len(outputs)} outputs"
        )
