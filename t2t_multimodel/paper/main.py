"""Does the work of `mm-paper`: trains what is missing, then writes the page."""

from __future__ import annotations

import itertools
from pathlib import Path

from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.errors import UserError, printable
from t2t_multimodel.paper.arithmetic import VERDICTS
from t2t_multimodel.paper.contents import Outcome, estimate_text, page_of
from t2t_multimodel.paper.findings import Records, sentences_of
from t2t_multimodel.paper.record import Record, load_record, record_file
from t2t_multimodel.paper.runner import Job, Request, jobs_of, missing, train_missing
from t2t_multimodel.report.html import to_html
from t2t_multimodel.report.markdown import to_markdown
from t2t_multimodel.report.page import Media


def run_experiments(request: Request, name: str, command: str) -> list[Outcome]:
    """Trains what is missing and writes the page; without the page if a signal stopped it.

    Args:
        request: what is run.
        name: of the page's files.
        command: as the page shows it.
    """
    return write_page(request, name, command) if train_missing(request) else []


def write_page(request: Request, name: str, command: str) -> list[Outcome]:
    """Writes `NAME.md` and `NAME.html` from the records that are there, and prints the sentences.

    The drawings of `NAME.md` lie beside it, as `NAME-1.png` and so on.

    Raises:
        UserError: no run is finished, or a record is of other settings.
    """
    jobs = jobs_of(request)
    missing(jobs, request)  # raises if a record is of another experiment
    records = _records(jobs, request.results_dir)
    if not records:
        raise UserError(
            f"No run of {name} is finished in {request.results_dir}.",
            "Leave --page_only out to train them.",
        )
    outcomes = [
        Outcome(one, *sentences_of(one, records, request.scale.resamples))
        for one in request.experiments
    ]
    title = f"{name}, scale {request.scale.name}"
    page = page_of(title, outcomes, records, command, request.scale.caution)
    drawings: dict[str, bytes] = {}

    def address_of(drawing: Media) -> str:
        own = f"{name}-{len(drawings) + 1}.png"
        drawings[own] = drawing.data
        return own

    texts = {f"{name}.html": to_html(page), f"{name}.md": to_markdown(page, address_of)}
    files = {own: printable(text).encode() for own, text in texts.items()}
    for own, data in (drawings | files).items():
        with written_by_rename(request.results_dir / own) as stream:
            stream.write(data)
    for number in itertools.count(len(drawings) + 1):  # those of an earlier page with more
        earlier = request.results_dir / f"{name}-{number}.png"
        if not earlier.exists():
            break
        earlier.unlink()
    for line in _lines(outcomes):
        print(line)
    print("Page: " + " and ".join(str(request.results_dir / own) for own in texts))
    return outcomes


def _records(jobs: list[Job], folder: Path) -> Records:
    records: dict[str, list[Record]] = {}
    for job in jobs:
        record = load_record(record_file(folder, job.arm.name, job.seed))
        if record is not None:
            records.setdefault(job.arm.name, []).append(record)
    return records


def _lines(outcomes: list[Outcome]) -> list[str]:
    """Each sentence with its verdict and the numbers behind it, for the terminal."""
    lines = []
    for outcome in outcomes:
        for sentence in outcome.sentences:
            numbers = "; ".join(estimate_text(finding.mean) for finding in sentence.findings)
            lines.append(f"{VERDICTS[sentence.holds]}: {sentence.text} ({numbers})")
        lines += [f"not trained yet: {text}" for text in outcome.lacking]
    return lines
