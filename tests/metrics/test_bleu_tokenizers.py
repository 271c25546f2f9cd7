"""A problem may say how BLEU splits its texts."""

from __future__ import annotations

import pytest
from sacrebleu.metrics import BLEU

from t2t_multimodel import UserError
from t2t_multimodel.metrics.text import is_lower_better, signature
from t2t_multimodel.registry import metrics

TARGETS = ["我们今天去图书馆看书", "天气很好我们出去走走"]
OUTPUTS = ["我们今天去图书馆看", "天气很好我们回家"]


def test_bleu_of_chinese_is_sacrebleus() -> None:
    expected = BLEU(tokenize="zh").corpus_score(OUTPUTS, [TARGETS]).score
    assert metrics.get("bleu:zh")(TARGETS, OUTPUTS) == pytest.approx(expected)
    assert expected > 50
    assert metrics.get("bleu")(TARGETS, OUTPUTS) < 20
    assert "tok:zh" in signature("bleu:zh")
    assert not is_lower_better("decoded/bleu:zh")


def test_names_with_options_are_checked() -> None:
    metrics.check(["bleu:zh", "bleu:char", "chrf"])
    assert "bleu:zh" in metrics and "blue:zh" not in metrics
    for name, message in (
        ("bleu:zhh", "No tokenizer of bleu is named 'zhh'. Did you mean 'zh'?"),
        ("bleu:flores200", "No tokenizer of bleu is named 'flores200'."),
        ("blue:zh", "No metric is named 'blue'. Did you mean 'bleu'?"),
        ("top1:5", "The metric 'top1' takes no option, but is named 'top1:5'."),
    ):
        with pytest.raises(UserError) as caught:
            metrics.check([name])
        assert caught.value.message == message
