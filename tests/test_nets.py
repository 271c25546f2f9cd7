"""How the parts of a model are named and described."""

from __future__ import annotations

import numpy as np

from t2t_multimodel import nets
from t2t_multimodel.config import ModelConfig
from t2t_multimodel.features import ProblemSignature, Signature


def test_a_spelling_survives_json_with_every_byte_it_may_hold() -> None:
    spelling = np.zeros((4, 5), np.uint8)
    spelling[1, :4] = [0xE2, 0x82, 0xAC, 0x0A]
    spelling[2, :5] = [255, 1, 128, 34, 92]
    spelling[3, :1] = 97
    pieces = nets.spelling_to_json(spelling)
    assert [len(piece) for piece in pieces] == [0, 4, 5, 1]
    np.testing.assert_array_equal(nets.spelling_from_json(pieces), spelling)


def test_layers_have_names_without_signs_that_paths_give_a_meaning() -> None:
    assert nets.variable_name("text/shared-30-1a2b") == "text_shared_30_1a2b"


def test_words_are_hidden_at_the_rate_of_what_their_source_is() -> None:
    words = Signature("text", "text/words", 300, (None,), 9)
    sound = Signature("audio_log_mel", "audio_log_mel/40", 0, (None, 40), 99, "float32")
    read, heard = (ProblemSignature("p", "p", source, words) for source in (words, sound))
    one = ModelConfig(word_dropout=0.1)
    assert [nets.word_dropout(one, problem) for problem in (read, heard)] == [0.1, 0.1]
    both = ModelConfig(word_dropout=0.1, sound_word_dropout=0.0)
    assert [nets.word_dropout(both, problem) for problem in (read, heard)] == [0.1, 0.0]
