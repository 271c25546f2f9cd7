"""The page in a headless browser, as a person uses it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.running_server import Server, picture, tone

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium is installed")
MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", *MICROPHONE]
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Any, server: Server) -> Iterator[Any]:
    page = browser.new_page()
    page.set_default_timeout(120_000)
    faults: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.wait_for_selector("#problems button")
    yield page
    assert faults == []
    home = (f"http://127.0.0.1:{server.port}/", "blob:", "data:")
    assert [url for url in asked if not url.startswith(home)] == []
    page.close()


def choose(page: Any, problem: str) -> None:
    page.get_by_role("button", name=problem, exact=True).click()


def outputs(page: Any) -> list[str]:
    page.wait_for_selector("#outputs li")
    return page.locator("#outputs li button").all_inner_texts()


def test_a_sentence_is_answered_and_explained(page: Any, server: Server) -> None:
    assert page.inner_text("#status") == "4 problems, one set of weights."
    choose(page, "made_numbers")
    page.select_option("#nbest", "2")
    page.fill("#text", "1 2")
    page.press("#text", "Enter")
    _, expected = server("POST", "/problems/made_numbers", {"input": "1 2", "nbest": 2})
    texts = [one["text"] for one in expected["outputs"]]
    page.wait_for_selector("#outputs li")
    assert page.inner_text("#scores") == (
        "Scores: log-probability in nats, higher is better; of several outputs divided by "
        "((5 + length) / 6)^0.6."
    )
    assert outputs(page) == texts
    assert page.locator("#outputs .score").first.inner_text().strip() == (
        f"{expected['outputs'][0]['score']:.3f}"
    )
    for number, text in enumerate(texts):
        page.locator("#outputs button").nth(number).click()
        page.locator("#explained h2", has_text=f"Behind “{text}”").wait_for()
        _, found = server(
            "POST", "/problems/made_numbers/explain", {"input": "1 2", "output": text}
        )
        cells = 2 * len(found["source"]) * len(found["target"])
        assert page.locator("#explained td").count() == cells
        chips = len(found["source"]) + len(found["target"])
        assert page.locator("#explained .chip").count() == chips


def test_a_picture_is_chosen(page: Any, tmp_path: Path) -> None:
    (tmp_path / "blue.png").write_bytes(picture(30, 30, 230))
    choose(page, "made_colours")
    page.set_input_files("#file", tmp_path / "blue.png")
    page.wait_for_selector("#preview img")
    page.click("#go")
    answers = outputs(page)
    assert answers[0] == "blue"
    assert sorted(answers) == ["blue", "green", "red"]
    choose(page, "made_captions")
    assert page.locator("#outputs li").count() == page.locator("#preview img").count() == 0


def test_the_places_of_a_picture_are_rows_and_columns(page: Any, tmp_path: Path) -> None:
    (tmp_path / "blue.png").write_bytes(picture(30, 30, 230))
    choose(page, "made_captions")
    page.set_input_files("#file", tmp_path / "blue.png")
    page.wait_for_selector("#preview img")
    page.click("#go")
    page.locator("#explained .map").first.wait_for()
    assert page.inner_text("#error") == ""
    assert page.locator("#explained .map thead th").all_inner_texts()[:2] == ["", "0,0"]


def test_a_sound_is_dropped(page: Any, server: Server) -> None:
    sound = tone(300, 1500)
    choose(page, "made_tones")
    page.evaluate(
        """bytes => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "tone.wav", {type: "audio/wav"}));
            document.getElementById("drop").dispatchEvent(
                new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        list(sound),
    )
    page.wait_for_selector("#preview audio")
    page.click("#go")
    _, expected = server("POST", "/problems/made_tones?nbest=2", sound, "audio/wav")
    assert outputs(page) == [one["text"] for one in expected["outputs"]]


def test_a_sound_is_recorded(page: Any) -> None:
    choose(page, "made_tones")
    page.click("#record")
    page.locator("#record", has_text="Stop").wait_for()
    page.wait_for_timeout(700)
    page.click("#record")
    page.wait_for_selector("#preview audio")
    page.click("#go")
    assert sorted(outputs(page)) == ["fall", "rise"]


def test_a_recording_ends_with_the_choice_of_another_problem(page: Any) -> None:
    choose(page, "made_tones")
    page.click("#record")
    page.locator("#record", has_text="Stop").wait_for()
    page.wait_for_timeout(300)
    choose(page, "made_colours")
    page.locator("#record", has_text="Record").wait_for(state="attached")
    page.wait_for_timeout(300)
    assert page.locator("#preview *").count() == 0


def test_what_is_wrong_is_shown(page: Any) -> None:
    choose(page, "made_numbers")
    page.fill("#text", "  ")
    page.click("#go")
    page.locator("#error:not(:empty)").wait_for()
    assert page.inner_text("#error") == "input: text is empty"
    choose(page, "made_colours")
    page.click("#go")
    page.locator("#error:not(:empty)").wait_for()
    assert page.inner_text("#error") == "Choose an image file first."
