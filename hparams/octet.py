"""Hparams sets for the octet, the real problems that ship with the project."""

from __future__ import annotations

from t2t_multimodel import (
    AttentionConfig,
    Config,
    DataConfig,
    EvalConfig,
    ExpertsConfig,
    LinearScheduleConfig,
    ModelConfig,
    MuonConfig,
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
    """All eight problems of the octet for longer than `octet_quick`, all of test decoded.

    The model that ships with the package as `octet` was trained so.

    Command: mm-trainer --hparams_set=octet_tiny
    Hardware: 2 CPU cores with AVX-512, shared with other work; 3,220 CPU seconds
    Minutes: 33
    Scores: seed 0, test: all eight above their source-blind baseline (image top1 .890; nats a
        token: caption .955, speech 3.364, parse .294, EN-DE 2.192, DE-EN 2.284, EN-FR 1.828,
        FR-DE 2.369; beam of 4: WER .769, F1 .599, BLEU 15.4, 21.5, 27.9, 32.8, 18.0).
    """
    quick = octet_quick()
    return quick.replace(
        problems=rates(
            "octet_image", "octet_caption:1.25", "octet_speech", "octet_parse:2", *TRANSLATION
        ),
        model=quick.model.replace(dropout=0.1),
        train=quick.train.replace(steps=7_200),
        evaluate=quick.evaluate.replace(
            decode_examples=2_000, beam_size=4, temperature_examples=500
        ),
    )


@register_hparams("octet_quick")
def octet_quick() -> Config:
    """All eight problems of the octet: what mm-trainer trains if nothing is said.

    What it adds to the paper's equations so that so small a run learns: residual, norm and
    projection around attention, one table for embedding and softmax, dropout on the branches; and
    CTC, without which 1.4 hours of speech are learnt by heart instead of heard. Queries and keys
    are mapped and normed. It has fewer blocks than the paper, whose depth costs more here than it
    teaches, and Muon moves its matrices (docs/learning.md has what was compared).

    Command: mm-trainer
    Hardware: 1 CPU core with AVX-512 of 2 that were shared with other work; 771 CPU seconds
    Minutes: 14
    Scores: mean of seed 0, 1 and 2, test: all eight above source-blind (image top1 .873; nats a
        token: caption 1.043, speech 3.420, parse .393, EN-DE 2.778, DE-EN 2.965, EN-FR 2.445,
        FR-DE 2.928).
    """
    return Config(
        # what is small and hard comes often: few examples of it bear many repetitions
        problems=rates(
            "octet_image",
            "octet_caption:2",
            "octet_speech:1.5",
            "octet_parse:2",
            *TRANSLATION,
        ),
        model=ModelConfig(
            hidden_size=128,
            body=PaperBodyConfig(
                encoder_blocks=(1, 1),
                mixer_pre_blocks=0,
                mixer_blocks=0,
                decoder_blocks=(0, 1),
                attention=AttentionConfig(
                    heads=4, residual=True, norm=True, projection=True, maps=True, qk_norm=True
                ),
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
            dropout=0.05,
            sound_word_dropout=0.2,
        ),
        # batches of like sources and targets pad less, but learn later (docs/mixtures.md)
        data=DataConfig(
            tokens_per_batch=1024,
            frames_per_batch=4096,
            pixels_per_batch=32768,
            bucket_by="longest",
        ),
        optimizer=OptimizerConfig(
            method=MuonConfig(learning_rate=0.03),
            learning_rate=6e-3,
            schedule=LinearScheduleConfig(warmup_steps=200),
            beta2=0.98,
        ),
        train=TrainConfig(
            steps=1800,
            problems_per_step=4,
            label_smoothing=0.0,
            checkpoint_steps=100,
            log_steps=50,
        ),
        evaluate=EvalConfig(steps=500, examples=128, decode_examples=300),
    )
