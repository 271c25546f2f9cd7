"""The two pages of a run: everything is in them, and nothing gets out of them."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from helpers.untrained_run_folder import CONFIG, PIXEL, finish, log, untrained_run_folder

from t2t_multimodel import UserError
from t2t_multimodel.bin import mm_report
from t2t_multimodel.config.tree import flatten
from t2t_multimodel.report.pages import write_pages

VOID = {"meta", "img"}


class Reader(HTMLParser):
    """Checks that what is opened is closed; collects texts, tags and attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.attributes: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.open += [tag] if tag not in VOID else []
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data)


def read(page: Path) -> Reader:
    reader = Reader()
    reader.feed(page.read_text())
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = untrained_run_folder(tmp_path / "run")
    log(folder)
    finish(folder)
    return folder


def test_the_html_page_parses_and_holds_every_value(run: Path) -> None:
    html, markdown = write_pages(run)
    assert (html, markdown) == (run / "report.html", run / "report.md")
    texts = read(html).texts
    for value in ("Run run", "1.2500 to 1.7500", "23.46", "not sure", "ein Hund", "3.1"):
        assert value in texts
    assert {"train.steps", "set made", "aa", "c0"} <= set(texts)
    assert "mm-trainer --problems=a:2,b '--output_dir=my run'" in texts


def test_pictures_are_in_the_page_and_nothing_is_elsewhere(run: Path) -> None:
    reader = read(write_pages(run)[0])
    sources = reader.attributes["src"]
    assert f"data:image/png;base64,{PIXEL}" in sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    # two problems and the whole run; experts by problem, and over time of each
    assert len(sources) == 3 + 3 + 1
    assert "href" not in reader.attributes
    assert "url(" not in (run / "report.html").read_text()
    (policy,) = [text for text in reader.attributes["content"] if "default-src" in text]
    assert policy == (
        "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
    )


def test_a_script_in_a_decoded_sample_is_text(run: Path) -> None:
    html, markdown = write_pages(run)
    reader = read(html)
    assert "script" not in reader.tags
    assert "<script>alert(1)</script>" in reader.texts
    assert "<script" not in markdown.read_text()


def test_the_markdown_page_is_this(run: Path) -> None:
    _, markdown = write_pages(run)
    text = markdown.read_text()
    defaults = text.index("## Settings left at their defaults")
    rest = text.index("## Versions, data and commands")
    assert text[:defaults] == EXPECTED
    listed = [line.split(" | ")[0] for line in text[defaults:rest].splitlines()[4:] if line]
    assert set(listed) == {f"| {name}" for name in flatten(CONFIG) if name != "train.steps"}
    assert "| evaluate.decode_examples | 200 | default |" in text[defaults:rest]
    assert text[rest:] == EXPECTED_REST


EXPECTED = """\
# Run run

## Overview

|  |  |
| --- | --- |
| hparams set | made |
| problems | a, b |
| last step logged | 3 of 9 |
| first started | 2024-05-06T07:08:09Z |
| starts | 1 |
| backend | tensorflow |

## Results

The source-blind baseline is the best that a model of the targets alone reached. A problem is learned \
if the whole intervals of its loss and of its first metric are above it; else the table says what each of \
the two says. The classical baseline is a simple method that sees the sources. teacher_forced/: given \
the true targets before each; decoded/: of free-running output. The last column of the table of all scores \
says in what each is measured, and whether higher or lower is better.

| problem | split | score | examples | model | 95 % interval | source-blind | trivial | classical |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
| a | test | teacher_forced/log_ppl | 1,200 | 1.5000 | 1.2500 to 1.7500 | 2.0000 | 4.5000 | 3.0000 |
| b | test | top1 | 1,200 | 0.5000 | 0.2500 to 0.7500 | 2.0000 | 4.5000 | 3.0000 |

| problem | learned | above classical |
| --- | --- | --- |
| a | yes | no |
| b | not sure | no |

| problem | score | value | 95 % interval | source-blind | unit |
| --- | --- | ---: | ---: | ---: | --- |
| a | teacher_forced/log_ppl | 1.5000 | 1.2500 to 1.7500 | 2.0000 | nats a target, lower is better |
| a | decoded/bleu | 23.46 | - | - | 0 to 100, higher is better |
| b | log_ppl | 1.0000 | - | - | nats a target, lower is better |
| b | top1 | 0.5000 | 0.2500 to 0.7500 | 2.0000 | share of examples, higher is better |

## Curves

| problem | train loss | first | last | evaluated | first | best | at step | last | source-blind baseline |
| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |
| a | █▃▁ | 4.0000 | 1.0000 | dev teacher_forced/log_ppl | 2.5000 | 1.2500 | 3 | 1.2500 | 2.0000 |
| b | █▃▁ | 8.0000 | 2.0000 | dev top1 | 0.5000 | 0.5000 | 2 | 0.2500 | - |

## Mixture

Up to step 3: the share of batches that the mixture asks for, and the shares of batches, examples \
and targets that each problem got; epochs: how often it saw its train split.

| problem | asked for | batches | examples | targets | epochs |
| --- | ---: | ---: | ---: | ---: | ---: |
| a | 66.7% | 66.7% | 75.0% | 60.0% | 7.50 |
| b | 33.3% | 33.3% | 25.0% | 40.0% | 2.50 |

## Routing

Shares are means over the last tenth of the reports. Idle: less than a tenth of an even share. \
Evenness: entropy of the shares over its maximum, 1 when all get the same.

| problem | layer | busiest expert | its share | even share | idle experts | evenness |
| --- | --- | ---: | ---: | ---: | --- | ---: |
| a | encoder | 0 | 100.0% | 50.0% | 1 of 2 | 0.000 |
| b | encoder | 0 | 50.0% | 50.0% | 0 of 2 | 1.000 |

## Samples

Free-running outputs; of classes the three that rank highest, best first.

a: test examples, step 3

| input | target | output |
| --- | --- | --- |
| a \\| b_c \\*d\\* | ein Hund | &lt;script&gt;alert(1)&lt;/script&gt; |
| picture 1x1 | cat | dog, cat |

## Settings of this run

| setting | value | from |
| --- | ---: | --- |
| train.steps | 9 | set made |

"""  # noqa: E501
EXPECTED_REST = """\
## Versions, data and commands

| made with | version |
| --- | --- |
| keras | 3.1 |
| python | 3.11 |
| backend | tensorflow |
| system | Linux |
| git commit | c0 |
| git changes | none |

| data of | fingerprint |
| --- | --- |
| a | aa |
| b | bb |

| started | command |
| --- | --- |
| 2024-05-06T07:08:09Z | mm-trainer --problems=a:2,b '--output_dir=my run' |
"""


def test_a_run_that_has_just_begun_is_reported(tmp_path: Path) -> None:
    html, markdown = write_pages(untrained_run_folder(tmp_path / "run"))
    assert "| last step logged | 0 of 9 |" in markdown.read_text()
    texts = read(html).texts
    assert "There is no table yet: the trainer writes it at the end of the run." in texts
    assert "The run keeps no record of its mixture." in texts
    assert "No layer of this run routes to experts." in texts
    assert "No output was decoded yet." in texts


def test_a_run_that_was_moved_is_reported_all_the_same(run: Path, tmp_path: Path) -> None:
    before = [page.read_bytes() for page in write_pages(run)]
    elsewhere = tmp_path / "else" / "where"
    elsewhere.mkdir(parents=True)
    moved = Path(shutil.move(run, elsewhere / "run"))
    assert [page.read_bytes() for page in write_pages(moved)] == before


def test_the_pages_go_where_the_user_says(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mm_report.main([str(run), f"--output={tmp_path}/new/page.md"]) == 0
    new = tmp_path / "new"
    assert sorted(path.name for path in new.iterdir()) == ["page.html", "page.md"]
    assert capsys.readouterr().out.endswith(f"Report: {new}/page.html and {new}/page.md\n")
    assert not (run / "report.html").exists()


def test_another_kind_of_page_is_refused(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mm_report.main([str(run), "--output=page.pdf"]) == 2
    assert capsys.readouterr().err == (
        "--output=page.pdf: expected a name that ends in .html or .md.\n"
        "Both pages are written: --output=page.html\n"
    )
    assert mm_report.main([str(run), str(run), "--output=page.html"]) == 2
    assert capsys.readouterr().err == "--output goes with one run: its report is written there.\n"


def test_without_matplotlib_there_is_one_clear_error(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UserError) as caught:
        write_pages(run)
    assert re.fullmatch(
        r"The curves of a report need matplotlib: .*\.\npip install matplotlib", str(caught.value)
    )
    assert not (run / "report.html").exists()


def test_a_report_needs_no_backend(run: Path, run_python: Callable) -> None:
    done = run_python(
        "from pathlib import Path\n"
        "from t2t_multimodel.report.pages import write_pages\n"
        f"write_pages(Path({str(run)!r}))\n"
    )
    assert done.code == 0, done.err
    assert {"tensorflow", "keras", "jax"} & done.modules == set()
