"""What holds for every registered name; a new one is tested as soon as it is registered."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel import Config, Problem, Text, UserError, Vocabulary
from t2t_multimodel.check.look import Looker
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.data.vocab_training import train
from t2t_multimodel.registry import hparams, metrics, modalities, problems, vocabularies

PROBLEMS, SETS, VOCABULARIES = problems.names(), hparams.names(), vocabularies.names()


def ships_its_data(problem: Problem) -> bool:
    try:
        return all(path.is_file() for path in problem.source_files(None))
    except UserError:
        return False


@cache
def small_tokenizer(name: str) -> SubwordTokenizer:
    """With the symbols of the registered vocabulary, but trained in no time."""
    declared = vocabularies.get(name)
    return SubwordTokenizer(name, train(["a few words"], 400, declared.symbols, name))


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_is_declared_in_full(name: str) -> None:
    problem = problems.get(name)()
    assert isinstance(problem, Problem)
    assert problem.name == name
    problem.check_declared()
    assert len(problems.summary(name)) > 10
    assert problem.command is None or isinstance(problem.command, str)
    assert len(set(problem.splits)) == len(problem.splits) >= 2
    assert problem.train_shards >= 1
    assert isinstance(problem.version, str)
    metrics.check(problem.metrics)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problems_features_fit_a_model(name: str) -> None:
    problem = problems.get(name)()
    named = {n: f.vocab for n, f in problem.features.items() if isinstance(f, Text) and f.vocab}
    vocabularies.check(named.values())
    tokenizers: dict[str, Any] = {
        vocabulary: small_tokenizer(vocabulary) for vocabulary in named.values()
    }
    if set(problem.vocabularies()) <= set(tokenizers):
        signature = problem.signature(tokenizers)
        modalities.check([signature.inputs.modality, signature.targets.modality])
        assert signature.targets.modality in ("text", "class_label")
    for feature in problem.features.values():
        if isinstance(feature, Text) and feature.symbols:
            assert vocabularies.get(feature.vocab).symbols


@pytest.mark.parametrize("name", PROBLEMS)
def test_first_examples_come_back_or_the_user_is_told_what_is_missing(name: str) -> None:
    problem = problems.get(name)()
    if not ships_its_data(problem):
        with pytest.raises(UserError) as caught:
            next(problem.examples("train", None))
        assert caught.value.fix
        return
    assert_first_examples_keep_the_contract(problem, None)


def assert_first_examples_keep_the_contract(problem: Problem, raw_dir: Path | None) -> None:
    named = {name: small_tokenizer(name if name in VOCABULARIES else "octet")
             for name in problem.vocabularies()}  # fmt: skip
    looker = Looker(problem, raw_dir, dict(named))
    for split in problem.splits:
        look = looker.look(split, 3)
        assert look.error is None
        assert look.read >= 2
        assert {kind for kind, _ in look.faults} <= {"too long"}  # of a vocabulary of letters
        assert look.digests == looker.digests(split, 3)


@pytest.mark.parametrize("name", VOCABULARIES)
def test_a_vocabulary_is_declared_in_full(name: str) -> None:
    vocabulary = vocabularies.get(name)()
    assert isinstance(vocabulary, Vocabulary)
    assert vocabulary.name == name
    assert vocabularies.summary(name)
    assert vocabulary.size >= 300 + len(vocabulary.symbols)
    assert not any(symbol.split() != [symbol] for symbol in vocabulary.symbols)


@pytest.mark.parametrize("name", SETS)
def test_a_set_builds_a_config_of_registered_problems(name: str) -> None:
    config = hparams.get(name)()
    assert isinstance(config, Config)
    problems.check(config.rates)
    assert len(hparams.summary(name)) > 10
    assert Config.from_dict(config.to_dict()) == config


def test_every_modality_and_metric_loads() -> None:
    for registry in (modalities, metrics):
        assert registry.names()
        for name in registry.names():
            assert callable(registry.get(name))
            assert registry.summary(name)


def test_a_problem_ships_its_data_or_says_how_to_get_it() -> None:
    for name in PROBLEMS:
        problem = problems.get(name)()
        assert ships_its_data(problem) == name.startswith(("octet_", "control_"))
        assert ships_its_data(problem) == (not problem.how_to_get)


@pytest.mark.parametrize("name", [n for n in PROBLEMS if problems.get(n).how_to_get])
def test_a_problem_that_is_read_from_files_has_a_tiny_twin(name: str, tmp_path: Path) -> None:
    problem = problems.get(name)()
    problem.tiny(tmp_path)
    assert problem.source_files(tmp_path)
    assert_first_examples_keep_the_contract(problem, tmp_path)
