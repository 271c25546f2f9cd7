"""The card of a model that ships: what it does, from which data, how well, and how it was made."""

from __future__ import annotations

from typing import Any

from t2t_multimodel import __version__, registry
from t2t_multimodel.checkpoints.checkpoint import Checkpoint

_LICENCES = (
    ("Fashion-MNIST", "MIT"),
    ("emoji pictures: Noto Emoji, Twemoji; names: Unicode CLDR", "Apache 2.0, CC BY 4.0, Unicode"),
    ("Flight of the Amazon Queen", "freeware, as NOTICE quotes it"),
    ("LibreOffice help", "MPL 2.0"),
)


def card(name: str, checkpoint: Checkpoint, results: list[dict[str, Any]], beam: int) -> str:
    """Writes the card as Markdown.

    Args:
        name: what the model is called by.
        checkpoint: its weights and config.
        results: rows of `results.json`.
        beam: size of the beam that wrote what the rows score.
    """
    config = checkpoint.config()
    row = [_score_row(one) for one in results]
    return "\n".join(
        [
            f"# {name}: one model for {len(results)} problems",
            "",
            f"Trained by t2t_multimodel {__version__}, seed {config.train.seed}, "
            f"{checkpoint.step:,} steps; weights in bfloat16. Its settings are in `state.json`.",
            "",
            "```bash",
            f"mm-decode --output_dir={name} --problem=octet_ende",
            f"mm-eval --output_dir={name}",
            "```",
            "",
            "| problem | score | interval | source-blind baseline |",
            "|---|---|---|---|",
            *(line for lines in row for line in lines),
            "",
            f"Split: {results[0]['split']}. Intervals: 95 %, a bootstrap over the examples. "
            f"Texts are decoded by a beam of {beam}. "
            "The scores are of the weights before they were rounded.",
            "",
            "It shows joint training on small data; it is no translator or recogniser to rely on.",
            "It has seen help texts, one game's speech, and pictures of 28 and 32 pixels alone.",
            "",
            "| data | licence |",
            "|---|---|",
            *(f"| {data} | {licence} |" for data, licence in _LICENCES),
            "",
            "NOTICE of the project has the sources, the licences and the changes in full.",
            "",
        ]
    )


def _score_row(result: dict[str, Any]) -> list[str]:
    """Lines of one problem: its own metrics, then nats a target."""
    scores, baseline = result["scores"], result.get("source_blind_baseline") or {}
    nats = "log_ppl" if "log_ppl" in scores else "teacher_forced/log_ppl"
    metrics = registry.problems.get(result["problem"]).metrics
    decoded = [key for key in scores if key.removeprefix("decoded/") in metrics and key != nats]
    lines = []
    for key in [*decoded, nats]:
        low, high = result["intervals"][key]
        blind = f"{baseline[key]:.3f}" if key in baseline else ""
        lines.append(
            f"| {result['problem']} | {key} {scores[key]:.3f} | {low:.3f} to {high:.3f} | {blind} |"
        )
    return lines
