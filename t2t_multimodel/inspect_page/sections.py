"""The sections of a page about one problem."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from t2t_multimodel.check.contract import CHECKS, checked
from t2t_multimodel.check.subject import Subject
from t2t_multimodel.inspect_page.gathered import Gathered, ShownExample, inputs_of
from t2t_multimodel.inspect_page.near import MOST_COMPARED, SIMILAR, near_pairs
from t2t_multimodel.metrics.units import meaning
from t2t_multimodel.report.figures import Bars, draw_bars
from t2t_multimodel.report.page import Cell, Figure, Media, PageBlock, PageSection, Paragraph, Table

Outputs = Callable[[Sequence[ShownExample]], list[Cell]]
"""What a model puts out for examples."""

_UNSEEN = ("determinism", "workers")
"""Checks that read everything again: `mm-problems check` does them."""
_BINS, _MOST_CLASSES = 30, 40


def sections_of(
    subject: Subject, splits: Sequence[Gathered], outputs: Outputs | None
) -> Iterator[PageSection]:
    """Everything that the page tells of a problem.

    Args:
        subject: the problem.
        splits: what was gathered of each split.
        outputs: of a model; None: there is none.
    """
    name = subject.name
    yield _overview(subject, splits)
    for split in splits:
        if split.shown:
            yield _examples(name, split, outputs)
    yield _lengths(subject, splits)
    if any(split.look.classes for split in splits):
        yield _classes(subject, splits)
    yield _left_out(name, splits)
    yield _near(subject, splits)
    yield _contract(subject)


def _overview(subject: Subject, splits: Sequence[Gathered]) -> PageSection:
    problem = subject.problem
    facts: list[tuple[Cell, ...]] = [
        ("inputs", repr(problem.inputs)),
        ("targets", repr(problem.targets)),
        ("metrics", _metrics(problem.metrics)),
        *(
            ("vocabulary", f"{one.identity}, {one.size:,} ids")
            for one in subject.tokenizers.values()
        ),
    ]
    rows: list[tuple[Cell, ...]] = []
    for split in splits:
        look = split.look
        read = f"{look.read:,}" if look.is_whole else f"the first {look.read:,}"
        rows.append((look.split, read, f"{len(look.taken):,}", f"{look.read - len(look.taken):,}"))
    doc = " ".join((type(problem).__doc__ or "").split())
    blocks: list[PageBlock] = [Paragraph(doc)] if doc else []
    blocks += [Table(("", ""), facts), Table(("split", "read", "taken", "left out"), rows)]
    return PageSection(subject.name, blocks)


def _metrics(names: Sequence[str]) -> str:
    """The metrics of the model's output, with their units."""
    return "\n".join(f"{name}: {meaning(f'decoded/{name}')}" for name in names) or "none of its own"


def _examples(name: str, split: Gathered, outputs: Outputs | None) -> PageSection:
    columns = ["", "inputs", "targets", *(["the model"] if outputs else [])]
    answers: list[Cell] = outputs(split.shown) if outputs else []
    rows: list[tuple[Cell, ...]] = [
        (f"{one.number:,}", one.inputs, one.targets, *answers[place : place + 1])
        for place, one in enumerate(split.shown)
    ]
    return PageSection(f"{name}: {split.look.split} examples", [Table(tuple(columns), rows)])


def _lengths(subject: Subject, splits: Sequence[Gathered]) -> PageSection:
    signature = subject.problem.signature(dict(subject.tokenizers))
    rows: list[tuple[Cell, ...]] = []
    charts = []
    for name, feature in subject.problem.features.items():
        lengths = {s.look.split: np.asarray(s.look.lengths.get(name, [])) for s in splits}
        lengths = {split: found for split, found in lengths.items() if len(found)}
        for split, found in lengths.items():
            middle, most = np.percentile(found, (50, 95))
            rows.append(
                (name, split, f"{found.min():,}", f"{found.mean():,.1f}", f"{middle:,.0f}")
                + (f"{most:,.0f}", f"{found.max():,}", f"{getattr(signature, name).max_length:,}")
            )
        if lengths and max(map(np.max, lengths.values())) > min(map(np.min, lengths.values())):
            edges = np.histogram_bin_edges(np.concatenate([*lengths.values()]), _BINS)
            shares = {
                split: (np.histogram(found, edges)[0] / len(found)).tolist()
                for split, found in lengths.items()
            }
            title = f"{name}: {feature.unit or 'values'}"
            charts.append(Bars(title, shares, "length", edges=edges.tolist()))
    columns = ("feature", "split", "shortest", "mean", "median", "95 %", "longest", "declared")
    blocks: list[PageBlock] = [Table(columns, rows)]
    if charts:
        words = f"Lengths of {subject.name}"
        blocks.append(Figure(Media("image/png", draw_bars(charts), words)))
    return PageSection(f"{subject.name}: lengths", blocks)


def _classes(subject: Subject, splits: Sequence[Gathered]) -> PageSection:
    targets = subject.problem.targets
    names = targets.class_names
    size = subject.problem.signature(dict(subject.tokenizers)).targets.size
    counts = {s.look.split: [s.look.classes[i] for i in range(size)] for s in splits}
    shares = {
        split: [count / max(1, sum(found)) for count in found] for split, found in counts.items()
    }
    words = [names[i] if names else str(i) for i in range(size)]
    rows: list[tuple[Cell, ...]] = [
        (words[i], *(f"{counts[one][i]:,} ({shares[one][i]:.1%})" for one in counts))
        for i in range(size)
    ]
    train = [count for count in counts[splits[0].look.split] if count]
    missing = [words[i] for i in range(size) if not counts[splits[0].look.split][i]]
    text = ""
    if train:
        text = f"The largest class of train has {max(train) / min(train):.1f} times the smallest."
    if missing:
        text += f" No example of train: {', '.join(missing[:20])}."
    blocks: list[PageBlock] = [Paragraph(text.strip() or "There are no examples.")]
    if size <= _MOST_CLASSES:
        chart = Bars("classes", shares, "class", names=words)
        balance = Media("image/png", draw_bars([chart]), f"Class balance of {subject.name}")
        blocks.append(Figure(balance))
    blocks.append(Table(("class", *counts), rows))
    return PageSection(f"{subject.name}: class balance", blocks)


def _left_out(name: str, splits: Sequence[Gathered]) -> PageSection:
    rows: list[tuple[Cell, ...]] = [
        (split.look.split, feature or "-", kind, f"{faults.count:,}", "\n".join(faults.named))
        for split in splits
        for (kind, feature), faults in split.look.faults.items()
    ]
    if not rows:
        return PageSection(f"{name}: left out", [Paragraph("Nothing is left out.")])
    columns = ("split", "feature", "why", "examples", "such as")
    return PageSection(f"{name}: left out", [Table(columns, rows)])


def _near(subject: Subject, splits: Sequence[Gathered]) -> PageSection:
    title = f"{subject.name}: near-duplicates across splits"
    known = [split for split in splits if split.forms]
    if len(known) < 2:
        words = (
            f"Inputs of {type(subject.problem.inputs).__name__} have no form to compare them in."
        )
        return PageSection(title, [Paragraph(words)])
    rows: list[tuple[Cell, ...]] = []
    counts: list[tuple[Cell, ...]] = []
    for one, other in itertools.combinations(known, 2):
        count, pairs = near_pairs(one.forms, other.forms)
        names = f"{one.look.split} and {other.look.split}"
        counts.append((names, f"{count:,} of {len(other.forms):,}"))
        firsts = _near_cells(subject, one, [pair.first - 1 for pair in pairs])
        seconds = _near_cells(subject, other, [pair.second - 1 for pair in pairs])
        rows += [
            (names, f"{pair.similarity:.3f}", *first, *second)
            for pair, first, second in zip(pairs, firsts, seconds, strict=True)
        ]
    kind = "texts" if isinstance(known[0].forms[0], str) else "numbers"
    seen_as = "groups of letters" if kind == "texts" else subject.problem.inputs.seen_as
    words = (
        f"Inputs of the first {MOST_COMPARED:,} examples of each split, compared as {seen_as}: "
        f"near from {SIMILAR[kind]} on. Equal ones have 1.000, and mm-problems check finds those "
        "among all that it reads."
    )
    blocks: list[PageBlock] = [Paragraph(words), Table(("splits", "have a near one"), counts)]
    if rows:
        columns = ("splits", "likeness", "number", "first", "number", "second")
        blocks.append(Table(columns, rows))
    return PageSection(title, blocks)


def _near_cells(
    subject: Subject, split: Gathered, places: Sequence[int]
) -> list[tuple[Cell, Cell]]:
    """Number and inputs of the compared examples at some places: texts as they were compared."""
    numbers = [split.numbers[place] for place in places]
    if places and not isinstance(split.forms[0], str):
        seen = inputs_of(subject, split.look.split, numbers)
        return [(f"{number:,}", seen[number]) for number in numbers]
    return [(f"{split.numbers[place]:,}", str(split.forms[place])) for place in places]


def _contract(subject: Subject) -> PageSection:
    rows: list[tuple[Cell, ...]] = []
    for name in CHECKS:
        if name not in _UNSEEN:
            found = checked(name, subject)
            lines = [f"{one.message}\n-> {one.fix}" for one in found.findings]
            text = "\n".join([*lines, *found.notes, found.not_checked]).strip()
            rows.append((name, found.status, text))
    words = "Order in other processes and in a second reading: mm-problems check."
    blocks: list[PageBlock] = [Table(("check", "result", ""), rows), Paragraph(words)]
    return PageSection(f"{subject.name}: contract", blocks, folded=True)
