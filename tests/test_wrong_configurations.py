"""Twelve and more ways to configure a run wrongly, each with all that mm-trainer says."""

from __future__ import annotations

from pathlib import Path

import pytest

from t2t_multimodel.bin import mm_trainer
from t2t_multimodel.config import Config
from t2t_multimodel.config.tree import all_fields
from t2t_multimodel.registry import hparams, problems

FIELDS = len({field.path for field in all_fields(Config)})
FORM = (
    "Entries are separated by commas, parts of a tuple by +: "
    "--hparams=train.steps=100,model.block_kernels=3+3+15+15\n"
)
GIN = "Bindings look like TrainConfig.steps = 1000; all fields: mm-trainer --list_hparams=fields\n"

WRONG = {
    "a set that nobody registered": (
        "--hparams_set=octet_quik",
        "No hparams set is named 'octet_quik'. Did you mean 'octet_quick'?\n"
        f"mm-trainer --list_hparams shows all {len(hparams.names())}. "
        "Names of your own are known with --usr_dir=FOLDER.\n",
    ),
    "a problem that nobody registered": (
        "--problems=octet_imagee:2",
        "No problem is named 'octet_imagee'. Did you mean 'octet_image'?\n"
        f"mm-datagen --list shows all {len(problems.names())}. "
        "Names of your own are known with --usr_dir=FOLDER.\n",
    ),
    "a rate that is no number": (
        "--problems=octet_image:often",
        "--problems: 'octet_image:often' is not of the form name[:rate].\n",
    ),
    "a problem named twice": (
        "--problems=octet_image,octet_image:2",
        "Config.problems must be a tuple that names each problem once, but is "
        "octet_image:1+octet_image:2.\n",
    ),
    "a field that is not there": (
        "--hparams=model.hiden_size=64",
        "No hparam is named 'model.hiden_size'. Did you mean 'model.hidden_size'?\n"
        f"The {FIELDS} hparams and what they mean: mm-trainer --list_hparams=fields\n",
    ),
    "a value of another type": (
        "--hparams=train.steps=1e3",
        f"--hparams: train.steps must be an int, but is '1e3'.\n{FORM}",
    ),
    "a value out of range": (
        "--hparams=optimizer.ema_decay=1",
        "OptimizerConfig.ema_decay must be in [0, 1), but is 1.0.\n",
    ),
    "a choice that is not offered": (
        "--hparams=evaluate.patience_for=all",
        "--hparams: evaluate.patience_for must be one of joint, problems, but is 'all'.\n" + FORM,
    ),
    "a tuple of another length": (
        "--hparams=model.body.encoder_blocks=1+1+1",
        f"--hparams: model.body.encoder_blocks must be a tuple of 2, but is '1+1+1'.\n{FORM}",
    ),
    "an entry without a value": (
        "--hparams=train.steps",
        f"--hparams: 'train.steps' is not of the form name=value.\n{FORM}",
    ),
    "fields that do not go together": (
        "--hparams=model.moe.per_token=99",
        "ExpertsConfig.per_token must be from 1 to experts (8), but is 99.\n",
    ),
    "a loss weight of a problem that is not trained": (
        "--hparams=train.loss_weights=octet_imag:2",
        "No problem that this run trains is named 'octet_imag'. Did you mean 'octet_image'?\n"
        "Known: octet_caption, octet_deen, octet_ende, octet_enfr, octet_frde, octet_image, "
        "octet_parse, octet_speech.\n",
    ),
    "a loss weight that is no number": (
        "--hparams=train.loss_weights=octet_image:x",
        "--hparams: train.loss_weights must be a tuple, each problem:weight, but is "
        f"'octet_image:x'.\n{FORM}",
    ),
    "a gin class that is not there": (
        "--gin_param=TrainConfg.steps = 5",
        f"gin: no section of settings is named 'TrainConfg'. Did you mean 'TrainConfig'?\n{GIN}",
    ),
    "a gin binding in a scope": (
        "--gin_param=eval/TrainConfig.steps = 5",
        "gin: 'eval/TrainConfig.steps' is bound in a scope, where nothing reads it.\n"
        "Write TrainConfig.steps without 'eval/'.\n",
    ),
    "a gin value out of range": (
        "--gin_param=DataConfig.bucket_growth = 0.5",
        "DataConfig.bucket_growth must be > 1, but is 0.5.\n",
    ),
    "a flag that is not there": (
        "--train_step=5",
        "mm-trainer has no flag --train_step. Did you mean --train_steps?\n"
        f"mm-trainer --help shows all {len(mm_trainer.COMMAND.flag_names())} flags.\n",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_configuration_is_explained_before_anything_is_done(
    case: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    flag, message = WRONG[case]
    assert mm_trainer.main([flag]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", message)
    assert list(tmp_path.iterdir()) == []
