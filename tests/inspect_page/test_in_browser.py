"""The page in a headless browser: it loads nothing from elsewhere, and nothing goes wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers.tiny_records import add

from t2t_multimodel.inspect_page.main import write_page

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium is installed")


def test_a_page_of_sounds_pictures_and_trees_has_no_errors(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    add(tmp_path / "mine")
    data_dir, say = tmp_path / "data", lambda line: None
    pages = [
        write_page([name], data_dir, output=tmp_path / f"{name}.html", say=say)
        for name in ("tiny_tones", "tiny_shades", "tiny_trees")
    ]
    faults: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        for file in pages:
            page.goto(file.as_uri())
            lost = "[...document.images].filter(one => !one.naturalWidth).length"
            assert page.evaluate(lost) == 0
            assert page.evaluate("document.images.length") > 3
        browser.close()
    assert faults == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
