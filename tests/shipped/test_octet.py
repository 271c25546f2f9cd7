"""The model that ships gives for one input of each problem what it gave when it was packed."""

from __future__ import annotations

from itertools import islice

import pytest

import t2t_multimodel as mm
from t2t_multimodel import registry
from t2t_multimodel.shipped import folder_of
from t2t_multimodel.side_files import read_json

KNOWN = {
    "octet_image": (0, "ankle boot"),
    "octet_caption": (2, "OK button"),
    "octet_speech": (2, "that's a girl i'd bait i've got a hire"),
    "octet_parse": (
        0,
        "(S To open the Toolbox , click the arrow next to (PP (S (VP (NP (PP the (NP Insert "
        "Controls icon))) (PP on (NP the Macro toolbar)))) .))",
    ),
    "octet_ende": (
        1,
        "Klicken Sie auf ein Symbol für die Symbolleiste, beispielsweise Brief.",
    ),
    "octet_deen": (0, "Use the CASE icon on the CIC icon in the BASICDialog dialog."),
    "octet_enfr": (
        0,
        "Utilisez la boîte de la barre d'outils d'outils BASICICICICIC dans la boîte de dialogue.",
    ),
    "octet_frde": (
        1,
        "Klicken Sie auf die Symbolleiste Objekte, um die Symbolleisten zu verlassen.",
    ),
}
"""Problem -> number of a test example whose best output is well ahead of the second, and that."""


@pytest.fixture(scope="module")
def octet():
    return mm.load("octet")


@pytest.mark.parametrize("problem", KNOWN)
def test_a_known_input_has_its_known_output(octet, problem):
    number, text = KNOWN[problem]
    examples = registry.problems.get(problem)().examples("test", None)
    example = next(islice(examples, number, None))
    assert octet.predict(problem, example["inputs"], nbest=2).text == text


def test_the_card_states_the_scores_of_its_table():
    folder = folder_of("octet")
    rows = read_json(folder / "results.json", kind=list)
    assert {row["problem"] for row in rows} == set(KNOWN)
    card = (folder / "README.md").read_text()
    for row in rows:
        assert row["split"] == "test"
        assert row["decoded_examples"] in (0, row["examples"])  # whole splits are decoded
        for name in ("decoded/bleu", "decoded/wer", "decoded/bracket_f1", "top1"):
            if name in row["scores"]:
                assert f"| {row['problem']} | {name} {row['scores'][name]:.3f} |" in card
