"""The model that ships gives for one input of each problem what it gave when it was packed."""

from __future__ import annotations

from itertools import islice

import pytest

import t2t_multimodel as mm
from t2t_multimodel import registry
from t2t_multimodel.checkpoints.checkpoint import open_checkpoint
from t2t_multimodel.shipped import folder_of
from t2t_multimodel.side_files import read_json

KNOWN = {
    "octet_image": (2, "trouser"),
    "octet_caption": (1, "A button (blood type)"),
    "octet_speech": (3, "hey i know you're do not"),
    "octet_parse": (
        5,
        "(S (NP ComputerName property) (VP is (ADJP (ADVP solely) available (PP for "
        "(NP Windows)))) .)",
    ),
    "octet_ende": (2, "Klicken Sie in den Dialog auf die gewünschte Größe auf."),
    "octet_deen": (2, "In the dialog box, drag the size that you want to use."),
    "octet_enfr": (
        6,
        "Recalculer de table des matières, index ou les entrées d'une table des documents Writer "
        "lorsque le document est terminé à fermé",
    ),
    "octet_frde": (1, "Klicken Sie auf die Symbolleiste Objekte in der Symbolleiste Linie."),
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
    beam = open_checkpoint(folder).config().evaluate.beam_size
    assert f"Texts are decoded by a beam of {beam}." in card
    for row in rows:
        assert row["split"] == "test"
        assert row["decoded_examples"] in (0, row["examples"])  # whole splits are decoded
        for name in ("decoded/bleu", "decoded/wer", "decoded/bracket_f1", "top1"):
            if name in row["scores"]:
                assert f"| {row['problem']} | {name} {row['scores'][name]:.3f} |" in card
