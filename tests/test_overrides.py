"""Where every value of a config comes from, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from t2t_multimodel import (
    Config,
    ExpertsConfig,
    ModelConfig,
    TrainConfig,
    UserError,
    register_hparams,
)
from t2t_multimodel.config import LossWeight, T2TDecayConfig, T2TV2BodyConfig, rates
from t2t_multimodel.config.tree import all_fields, flatten
from t2t_multimodel.overrides import Overrides, recorded, resolve
from t2t_multimodel.registry import register_problem

FIELDS = "mm-trainer --list_hparams=fields"
GIN = f"Bindings look like TrainConfig.steps = 1000; all fields: {FIELDS}"
COMMAS = (
    "Entries are separated by commas, parts of a tuple by +: "
    "--hparams=train.steps=100,model.block_kernels=3+3+15+15"
)


@pytest.fixture(autouse=True)
def made() -> None:
    for name in ("made_a", "made_b"):
        register_problem(name)(type(name, (), {}))

    @register_hparams("made_set")
    def made_set() -> Config:
        return Config(
            problems=rates("made_a:2", "made_b"),
            model=ModelConfig(hidden_size=32, moe=ExpertsConfig(experts=8, per_token=2)),
            train=TrainConfig(steps=10),
        )


def test_a_set_alone_is_taken_as_it_is() -> None:
    resolved = resolve("made_set")
    assert resolved.set_name == "made_set"
    assert resolved.config.problems == rates("made_a:2", "made_b")
    assert (resolved.config.model.hidden_size, resolved.config.train.steps) == (32, 10)
    assert resolved.origins["model.hidden_size"] == "set made_set"
    assert resolved.origins["model.dropout"] == "default"
    assert resolved.origins["problems"] == "set made_set"


def test_every_value_has_an_origin() -> None:
    resolved = resolve("made_set")
    assert list(resolved.origins) == list(flatten(resolved.config))


def test_a_runs_own_config_may_stand_for_the_set(tmp_path: Path) -> None:
    assert recorded(tmp_path) is None
    first = resolve("made_set", Overrides(hparams="model.dropout=0.3", train_steps=20))
    record = {"hparams_set": "made_set", "config": first.config.to_dict(), "origins": first.origins}
    (tmp_path / "config.json").write_text(json.dumps(record))
    assert recorded(tmp_path) == first
    base = recorded(tmp_path)
    assert base is not None
    again = resolve(base, Overrides(train_steps=30, warm_start="other"))
    assert again.set_name == "made_set"
    assert again.config.problems == rates("made_a:2", "made_b")
    assert (again.config.model.dropout, again.origins["model.dropout"]) == (0.3, "--hparams")
    assert (again.config.train.steps, again.origins["train.steps"]) == (30, "--train_steps")
    assert (again.config.train.warm_start, again.origins["train.warm_start"]) == (
        "other",
        "--warm_start",
    )
    assert again.origins["model.hidden_size"] == "set made_set"


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("{", r"it is no JSON \(Expecting property name"),
        ("[]", "it holds a list, not a dict"),
        ("{}", "it lacks config, hpar"),
        ('{"hparams_set": "a", "config": {"problems": ["a"], "train": 3}, "origins": {}}', ".*"),
    ],
)
def test_a_damaged_record_is_named(tmp_path: Path, text: str, how: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(UserError, match=f"^{tmp_path}/config.json is damaged: {how}"):
        recorded(tmp_path)


def test_gin_then_hparams_then_flags_win(tmp_path: Path) -> None:
    file = tmp_path / "run.gin"
    file.write_text(
        "TrainConfig.steps = 20\nTrainConfig.seed = 1\n"
        "ModelConfig.dropout = 0.2\nPaperBodyConfig.encoder_blocks = (1, 0)\n"
    )
    changes = Overrides(
        problems=["made_b:3", "made_a"],
        hparams="train.steps=30, train.log_steps=5 ,model.dropout=0.3",
        gin_files=[str(file)],
        gin_params=["TrainConfig.seed = 2"],
        train_steps=40,
    )
    resolved = resolve("made_set", changes)
    config, origins = resolved.config, resolved.origins
    gin = f"gin {file}, TrainConfig.seed = 2"
    assert (config.problems, origins["problems"]) == (rates("made_b:3", "made_a"), "--problems")
    assert (config.train.steps, origins["train.steps"]) == (40, "--train_steps")
    assert (config.train.log_steps, origins["train.log_steps"]) == (5, "--hparams")
    assert (config.model.dropout, origins["model.dropout"]) == (0.3, "--hparams")
    assert (config.train.seed, origins["train.seed"]) == (2, gin)
    assert (config.model.body.encoder_blocks, origins["model.body.encoder_blocks"]) == ((1, 0), gin)
    assert (config.model.hidden_size, origins["model.hidden_size"]) == (32, "set made_set")


def test_one_runs_gin_bindings_do_not_reach_the_next() -> None:
    assert (
        resolve("made_set", Overrides(gin_params=["TrainConfig.steps = 20"])).config.train.steps
        == 20
    )
    assert (
        resolve("made_set", Overrides(gin_params=["TrainConfig.seed = 3"])).config.train.steps == 10
    )


def test_gin_files_may_include_and_use_macros(tmp_path: Path) -> None:
    (tmp_path / "base.gin").write_text("N = 7\nTrainConfig.steps = %N\n")
    (tmp_path / "run.gin").write_text(f"include '{tmp_path}/base.gin'\nTrainConfig.seed = %N\n")
    train = resolve("made_set", Overrides(gin_files=[str(tmp_path / "run.gin")])).config.train
    assert (train.steps, train.seed) == (7, 7)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("model.block_kernels=3+3+7+7", "model.block_kernels", (3, 3, 7, 7)),
        ("model.nets.image_stem=full", "model.nets.image_stem", "full"),
        ("model.tie_softmax=true", "model.tie_softmax", True),
        ("data.vocab_size=none", "data.vocab_size", None),
        ("data.vocab_size=512", "data.vocab_size", 512),
        ("optimizer.learning_rate=1e-4", "optimizer.learning_rate", 1e-4),
        ("evaluate.split=test", "evaluate.split", "test"),
        ("train.steps=1,train.steps=2", "train.steps", 2),
        (" , train.steps = 3 ,", "train.steps", 3),
    ],
)
def test_hparams_are_read_in_the_type_of_the_field(text: str, path: str, value: Any) -> None:
    assert flatten(resolve("made_set", Overrides(hparams=text)).config)[path] == value


def count() -> int:
    return len({field.path for field in all_fields(Config)})


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        (
            "model.hiden_size=32",
            "No hparam is named 'model.hiden_size'. Did you mean 'model.hidden_size'?",
            "all",
        ),
        (
            "hidden_size=32",
            "No hparam is named 'hidden_size'. Did you mean 'model.hidden_size'?",
            "all",
        ),
        ("speed=3", "No hparam is named 'speed'.", "all"),
        (
            "model.hidden_size=wide",
            "--hparams: model.hidden_size must be an int, but is 'wide'.",
            COMMAS,
        ),
        (
            "model.nets.image_stem=thick",
            "--hparams: model.nets.image_stem must be one of separable, full, but is 'thick'.",
            COMMAS,
        ),
        ("train.steps", "--hparams: 'train.steps' is not of the form name=value.", COMMAS),
        (
            "model.body.encoder_blocks=1,1",
            "--hparams: model.body.encoder_blocks must be a tuple of 2, but is '1'.",
            COMMAS,
        ),
        ("train.steps=0", "TrainConfig.steps must be > 0, but is 0.", ""),
        (
            "model.moe.per_token=9",
            "ExpertsConfig.per_token must be from 1 to experts (8), but is 9.",
            "",
        ),
    ],
)
def test_a_wrong_hparam_is_explained(text: str, message: str, fix: str) -> None:
    with pytest.raises(UserError) as caught:
        resolve("made_set", Overrides(hparams=text))
    assert caught.value.message == message
    all_fields = f"The {count()} hparams and what they mean: {FIELDS}"
    assert caught.value.fix == (all_fields if fix == "all" else fix)


@pytest.mark.parametrize(
    ("binding", "message"),
    [
        (
            "ModelConfig.hiden_size = 32",
            "gin: no setting is named 'ModelConfig.hiden_size'. "
            "Did you mean 'ModelConfig.hidden_size'?",
        ),
        (
            "ModelConfg.hidden_size = 32",
            "gin: no section of settings is named 'ModelConfg'. Did you mean 'ModelConfig'?",
        ),
        ("TrainConfig.steps = ", "gin: Unable to parse value. (line 1)"),
    ],
)
def test_a_wrong_gin_binding_is_explained(binding: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        resolve("made_set", Overrides(gin_params=[binding]))
    assert (caught.value.message, caught.value.fix) == (message, GIN)


@pytest.mark.parametrize(
    ("binding", "message"),
    [
        ("TrainConfig.steps = 'many'", "TrainConfig.steps must be an int, but is 'many'."),
        ("TrainConfig.steps = 1.5", "TrainConfig.steps must be an int, but is 1.5."),
        ("ModelConfig.dropout = 1.0", "ModelConfig.dropout must be from 0 to below 1, but is 1.0."),
    ],
)
def test_a_wrong_gin_value_is_checked_as_any_other(binding: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        resolve("made_set", Overrides(gin_params=[binding]))
    assert str(caught.value) == message


def test_a_missing_gin_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        resolve("made_set", Overrides(gin_files=["run.gin"]))
    assert str(caught.value) == f"--gin_file=run.gin does not exist (looked in {tmp_path})."


def test_an_unknown_set_or_problem_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match="^No hparams set is named 'made_sett'. Did you mean 'mad"):
        resolve("made_sett")
    with pytest.raises(UserError, match="^No problem is named 'made_c'. Did you mean 'made_a' or "):
        resolve("made_set", Overrides(problems=["made_c:2"]))


def test_a_flat_config_names_each_field_with_its_section() -> None:
    flat = flatten(Config(problems=rates("made_a")))
    assert flat["model.hidden_size"] == 1024
    assert list(flat)[0] == "problems"
    assert {name.split(".")[0] for name in flat} == {
        "model",
        "data",
        "mixture",
        "optimizer",
        "train",
        "evaluate",
        "problems",
    }


def test_gin_chooses_a_kind_and_binds_its_fields() -> None:
    bindings = ["ModelConfig.body = 't2t_v2'", "T2TV2BodyConfig.filter_size = 64"]
    resolved = resolve("made_set", Overrides(gin_params=bindings))
    assert isinstance(resolved.config.model.body, T2TV2BodyConfig)
    assert resolved.config.model.body.filter_size == 64
    assert resolved.origins["model.body"] == "gin " + ", ".join(bindings)
    assert resolved.origins["model.body.heads"] == "default"


def test_gin_binds_nothing_of_a_kind_that_is_not_chosen() -> None:
    for binding in ("T2TV2BodyConfig.filter_size = 64", "T2TV1BodyConfig.encoder_blocks = (1, 1)"):
        with pytest.raises(UserError) as caught:
            resolve("made_set", Overrides(gin_params=[binding]))
        kind = "t2t_v2" if "V2" in binding else "t2t_v1"
        field = "filter_size" if "V2" in binding else "encoder_blocks"
        assert caught.value.message.startswith(
            f"model.body.{field} exists only with model.body={kind}, but model.body is paper."
        )


def test_gin_binds_typed_tuples_and_kinds_in_the_short_notation() -> None:
    bindings = ["TrainConfig.loss_weights = 'made_a:2'", "OptimizerConfig.weight_decay = 't2t:0.2'"]
    config = resolve("made_set", Overrides(gin_params=bindings)).config
    assert config.train.loss_weights == (LossWeight(problem="made_a", weight=2.0),)
    assert config.optimizer.weight_decay == T2TDecayConfig(strength=0.2)
    with pytest.raises(UserError) as caught:
        resolve("made_set", Overrides(gin_params=["TrainConfig.loss_weights = 'made_a:x'"]))
    assert str(caught.value) == (
        "gin: TrainConfig.loss_weights must be a tuple, each problem:weight, but is 'made_a:x'."
    )


def test_another_kind_has_origins_of_its_own() -> None:
    resolved = resolve("made_set", Overrides(hparams="model.moe=dense_params,model.dropout=0.2"))
    assert resolved.origins["model.moe"] == "--hparams"
    assert resolved.origins["model.moe.experts"] == "set made_set"  # which both kinds have
    assert resolved.origins["model.moe.hidden"] == "default"
    assert "model.moe.per_token" not in resolved.origins
