"""Named hparams sets: each module registers frozen configs with `@register_hparams`."""

if __name__ != "t2t_multimodel.hparams":
    raise ImportError(
        "import t2t_multimodel.hparams, not hparams: a second copy would register everything twice"
    )
