"""The final table's scores: the loss at a temperature that another split was fitted on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.finished_run import Run

from t2t_multimodel import UserError
from t2t_multimodel.checkpoints.checkpoint import open_checkpoint
from t2t_multimodel.data.collate import collate
from t2t_multimodel.evaluate import final
from t2t_multimodel.evaluate.evaluator import Evaluator
from t2t_multimodel.evaluate.final import TEMPERATURES, final_result
from t2t_multimodel.evaluate.main import EvalRequest, evaluate_checkpoint, scoring_config
from t2t_multimodel.evaluate.results_file import load_results, store
from t2t_multimodel.evaluate.table import print_table, with_baselines
from t2t_multimodel.metrics.text import is_lower_better


@pytest.fixture
def evaluator(run: Run) -> Evaluator:
    return run.trainer.evaluator


@pytest.mark.parametrize("name", ["made_captions", "made_tones"])
def test_nats_at_a_temperature_are_those_of_the_divided_logits(
    run: Run, evaluator: Evaluator, name: str
) -> None:
    split, found = evaluator.nats_at(name, "test", 0, (0.5, 1.0, 2.0))
    dataset = run.prepared[name].dataset("test")
    expected = np.zeros(3)
    for i in range(len(dataset)):
        batch = collate([dataset[i]], dataset.features)
        logits = np.asarray(run.trainer.model(batch, problem=name, training=False)["logits"])[0]
        targets = batch["targets"].reshape(-1)
        for column, temperature in enumerate((0.5, 1.0, 2.0)):
            scaled = logits / temperature
            log_probs = scaled - np.log(np.exp(scaled).sum(axis=-1, keepdims=True))
            expected[column] -= log_probs[np.arange(len(targets)), targets].sum()
    assert (split, found.shape) == ("test", (len(dataset), 3))
    assert found.sum(axis=0) == pytest.approx(expected, rel=1e-3)


def test_the_temperature_is_the_best_of_the_other_split(run: Run, evaluator: Evaluator) -> None:
    how = run.resolved.config.evaluate.replace(temperature_examples=10)
    result = final_result(evaluator, how, "made_captions")
    tempered = result.tempered
    assert tempered is not None
    split, nats = evaluator.nats_at("made_captions", how.split, 10, TEMPERATURES)
    assert tempered.temperature == TEMPERATURES[int(nats.sum(axis=0).argmin())]
    assert (tempered.split, tempered.examples) == (split, len(nats))
    again = evaluator.nats_at("made_captions", "test", 0, (tempered.temperature,))[1][:, 0]
    tokens = result.counts[:, 1].sum()
    scores = result.scores
    assert scores["teacher_forced/log_ppl_tempered"] == pytest.approx(again.sum() / tokens)
    plain = evaluator.evaluate("made_captions", "test").scores["teacher_forced/log_ppl"]
    assert scores["teacher_forced/log_ppl"] == plain


def test_shuffled_sources_stay_shuffled_at_a_temperature(run: Run, evaluator: Evaluator) -> None:
    how = run.resolved.config.evaluate.replace(temperature_examples=10)
    own = final_result(evaluator, how, "made_captions").scores
    shuffled = final_result(evaluator, how, "made_captions", shuffle_sources=True).scores
    key = "teacher_forced/log_ppl_tempered"
    assert shuffled[key] > own[key] + 0.5


def test_nothing_is_fitted_unless_asked_for_or_on_the_scored_split(
    run: Run, evaluator: Evaluator
) -> None:
    how = run.resolved.config.evaluate
    assert final_result(evaluator, how, "made_captions").tempered is None
    on_test = how.replace(temperature_examples=10, split="test")
    assert final_result(evaluator, on_test, "made_captions").tempered is None


def test_it_is_printed_and_stored_with_its_temperature(
    run: Run, evaluator: Evaluator, monkeypatch, capsys, tmp_path: Path
) -> None:
    monkeypatch.setattr(final, "TEMPERATURES", (0.8,))
    how = run.resolved.config.evaluate.replace(temperature_examples=4)
    result = final_result(evaluator, how, "made_captions")
    (row,) = with_baselines([result], run.prepared, 100)
    print_table([row])
    text = " ".join(capsys.readouterr().out.split())
    assert "tempered: logits divided by 0.8, the best on 4 examples of dev" in text
    assert row.to_dict()["temperature"] == 0.8
    store([row], tmp_path / "results.json")
    (loaded,) = load_results(tmp_path / "results.json")
    assert loaded.scores == result.scores
    assert loaded.tempered is not None and result.tempered is not None
    stored, fitted = vars(loaded.tempered), vars(result.tempered)
    assert stored.pop("nats").tolist() == fitted["nats"].tolist()
    assert stored == {"temperature": 0.8, "split": "dev", "examples": 4}


def test_less_is_better() -> None:
    assert is_lower_better("teacher_forced/log_ppl_tempered")
    assert is_lower_better("log_ppl_tempered")


def test_a_checkpoint_is_scored_with_other_settings(run: Run, capsys) -> None:
    checkpoint = open_checkpoint(run.folder)
    request = EvalRequest(
        problems=["made_captions"],
        data_dir=run.data_dir,
        hparams="evaluate.decode_examples=3,evaluate.beam_size=2",
    )
    (row,) = evaluate_checkpoint(checkpoint, request)
    assert len(row.result.outputs) == 3
    assert "decoded: 3 examples" in " ".join(capsys.readouterr().out.split())


def test_settings_that_score_no_checkpoint_are_refused(run: Run) -> None:
    with pytest.raises(UserError) as caught:
        scoring_config(open_checkpoint(run.folder), "evaluate.patience=3")
    assert str(caught.value) == (
        "evaluate.patience has no effect on the scores of a checkpoint.\n"
        "mm-eval takes these: evaluate.split, evaluate.final_split, evaluate.final_examples, "
        "evaluate.decode_examples, evaluate.temperature_examples, evaluate.beam_size, "
        "evaluate.resamples."
    )
