"""Hparams sets for the octet, the real problems that ship with the project."""

from __future__ import annotations

from t2t_multimodel import (
    AttentionConfig,
    Config,
    CosineScheduleConfig,
    DataConfig,
    EvalConfig,
    ExpertsConfig,
    LinearScheduleConfig,
    ModelConfig,
    OptimizerConfig,
    PaperBodyConfig,
    PaperNetsConfig,
    TrainConfig,
    rates,
    register_hparams,
)

TRANSLATION = ("octet_ende", "octet_deen", "octet_enfr", "octet_frde")
OCTET = ("octet_image", "octet_caption", "octet_speech", "octet_parse", *TRANSLATION)


@register_hparams("octet_tiny")
def octet_tiny() -> Config:
    """All eight problems of the octet, in little more than half an hour on a laptop.

    What it adds to the paper's equations so that so small a run learns: residual, norm and
    projection around attention, one table for embedding and softmax, dropout on the branches; and
    CTC, without which 1.4 hours of speech are learnt by heart instead of heard.

    Command: mm-trainer --hparams_set=octet_tiny
    Hardware: 2 CPU cores
    Minutes: 36
    Scores: seed 0, test, with branch_scale=1: image top1 .891, nats a token: caption .969, speech
        3.479, parse .665, EN-DE 2.757, DE-EN 2.899, EN-FR 2.491, FR-DE 2.915: all eight above
        their source-blind baseline; with sources exchanged none is.
    """
    quick = octet_quick()
    return quick.replace(
        problems=rates(
            "octet_image:0.5",
            "octet_caption:2",
            "octet_speech:1.25",
            "octet_parse:0.75",
            *TRANSLATION,
        ),
        model=quick.model.replace(dropout=0.15, word_dropout=0.05),
        optimizer=quick.optimizer.replace(schedule=CosineScheduleConfig(warmup_steps=400)),
        train=quick.train.replace(steps=11_000),
    )


@register_hparams("octet_quick")
def octet_quick() -> Config:
    """All eight problems of the octet: what mm-trainer trains if nothing is said.

    The network is that of `octet_tiny`; the run is too short for all of them.

    Command: mm-trainer
    Hardware: 2 CPU cores
    Minutes: 12
    Scores: seed 0, test: seven of eight surely above their source-blind baseline (image top1 .876,
        nats a token: caption 1.236, parse .767, EN-DE 3.089, DE-EN 3.250, EN-FR 2.787, FR-DE
        3.228); speech (3.730) is not: its decoder learns the script by heart.
    """
    return Config(
        # what is learned soon comes seldom, what is small and hard often
        problems=rates(
            "octet_image:0.5",
            "octet_caption:1.5",
            "octet_speech:1.5",
            "octet_parse:0.75",
            *TRANSLATION,
        ),
        model=ModelConfig(
            hidden_size=128,
            body=PaperBodyConfig(
                encoder_blocks=(1, 1),
                mixer_pre_blocks=1,
                mixer_blocks=1,
                decoder_blocks=(1, 1),
                attention=AttentionConfig(residual=True, norm=True, projection=True),
                dropout_place="branch",
            ),
            nets=PaperNetsConfig(
                image_stem="full",
                image_blocks=2,
                exit_channels=(256, 320),
                audio_channels=(128, 128),
                audio_fold_frequency=True,
            ),
            moe=ExpertsConfig(experts=8, per_token=2, hidden=256),
            tie_softmax=True,
            ctc_weight=2.0,
            ctc_decoding=0.3,  # better than the decoder alone on dev, in CER and in WER
            dropout=0.1,
        ),
        # batches of like sources and targets pad less, but learn later (docs/mixtures.md)
        data=DataConfig(
            tokens_per_batch=1024,
            frames_per_batch=4096,
            pixels_per_batch=32768,
            bucket_by="longest",
        ),
        optimizer=OptimizerConfig(
            learning_rate=2e-3, schedule=LinearScheduleConfig(warmup_steps=200), beta2=0.98
        ),
        train=TrainConfig(steps=4600, problems_per_step=2, checkpoint_steps=200, log_steps=100),
        evaluate=EvalConfig(steps=1000, examples=128, decode_examples=64),
    )
