"""The pages of the site that are made: every setting and every flag is on one."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT

import t2t_multimodel
from t2t_multimodel.bin import _listing
from t2t_multimodel.config import Config
from t2t_multimodel.config.tree import all_fields
from tools import site_pages


def rows(page: str) -> list[list[str]]:
    """The cells of each row of the tables of a page."""
    lines = [line for line in page.splitlines() if line.startswith("| `")]
    return [re.split(r"(?<!\\)\|", line.strip("| ")) for line in lines]


def test_every_setting_is_on_the_page_with_its_meaning() -> None:
    found = [(row[0].strip(" `"), row[2].strip()) for row in rows(site_pages.settings_page())]
    assert found == [
        (field.path, _listing._meaning(field).replace("|", "\\|")) for field in all_fields(Config)
    ]
    assert len(found) > 100
    assert all(len(row) == 3 for row in rows(site_pages.settings_page()))


def test_every_flag_is_on_the_page_with_its_help() -> None:
    page = site_pages.commands_page()
    for command in site_pages.commands():
        part = page.split(f"\n## {command.name}\n")[1].split("\n## ")[0]
        assert command.summary in part
        shown = re.findall(r"^\| `--(\w+)", part, re.MULTILINE) + re.findall(r"`--(\w+)`\.", part)
        assert sorted(shown) == sorted(command.flag_names())
    assert all(len(row) == 3 and row[2].strip() for row in rows(page))


@pytest.mark.parametrize(
    ("link", "becomes"),
    [
        ("[x](docs/runs.md)", "[x](runs.md)"),
        ("[x](runs.md#going-on)", "[x](runs.md#going-on)"),
        ("[here](../CHANGELOG.md)", "[here](changelog.md)"),
        ("[body.py](../t2t_multimodel/body.py)", "body.py (`t2t_multimodel/body.py`)"),
        ("[NOTICE](NOTICE)", "`NOTICE`"),
        ("[four](examples)", "four (`docs/examples`)"),
        ("[x](https://arxiv.org/abs/1706.05137)", "[x](https://arxiv.org/abs/1706.05137)"),
        ("![a drawing](docs/results/all-2.png)", "![a drawing](results/all-2.png)"),
        ("![a drawing](all-2.png)", "![a drawing](all-2.png)"),
    ],
)
def test_links_stay_within_the_site(link: str, becomes: str) -> None:
    assert site_pages.on_page_markdown(link) == becomes


def test_every_page_is_in_the_navigation() -> None:
    listed = re.findall(r": (\w+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    written = [path.name for path in (ROOT / "docs").glob("*.md")]
    assert "results/all.md" in (ROOT / "mkdocs.yml").read_text()
    assert sorted(listed) == sorted([*written, *site_pages.made_pages()])


def test_every_public_name_is_in_the_reference() -> None:
    text = "".join((ROOT / f"docs/{name}.md").read_text() for name in ("api", "api_settings"))
    found = re.findall(r"^::: t2t_multimodel\.(\w+)$", text, re.MULTILINE)
    assert sorted(found) == sorted(t2t_multimodel.__all__)
