"""What mm-eval does: a checkpoint alone, scored on its problems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.checkpoints.recorded_features import check_features
from t2t_multimodel.data.datagen import generate
from t2t_multimodel.engines.engine import cores, parallel_batches, share_cores
from t2t_multimodel.evaluate.compare import compare, print_comparison
from t2t_multimodel.evaluate.evaluator import Evaluator, check_split
from t2t_multimodel.evaluate.results_file import load_results, store
from t2t_multimodel.evaluate.table import Row, print_table, with_baselines


def evaluate_checkpoint(
    checkpoint: Checkpoint,
    problems: Sequence[str] = (),
    split: str | None = None,
    shuffle_sources: bool = False,
    data_dir: Path = Path("data"),
    raw_dir: Path | None = None,
    json_file: Path | None = None,
    compare_with: Path | None = None,
) -> list[Row]:
    """Scores a checkpoint; prints the same table as the end of its training.

    Args:
        checkpoint: what to score.
        problems: those to score; all of the model if left out.
        split: None: the config's `evaluate.final_split`.
        shuffle_sources: exchange the inputs among the examples.
        data_dir: for encoded data; what is missing is made with the checkpoint's vocabularies.
        raw_dir: where the user keeps raw files.
        json_file: where to write the rows as well.
        compare_with: a table that was stored, or a run's folder, to be compared with.
    """
    others = load_results(compare_with) if compare_with else []
    config = checkpoint.config()
    names = checkpoint.problems(problems)
    check_features(checkpoint, names)
    share_cores(parallel_batches(config))
    prepared = generate(
        names,
        data_dir,
        raw_dir,
        workers=cores(),
        vocab_size=config.data.vocab_size,
        tokenizers=checkpoint.tokenizers(),
    )
    settings = config.evaluate
    check_split(split or settings.final_split, prepared)
    evaluator = Evaluator(checkpoint.model(), prepared, config)
    results = [
        evaluator.evaluate(
            name,
            split or settings.final_split,
            settings.final_examples,
            settings.decode_examples,
            shuffle_sources,
        )
        for name in names
    ]
    rows = with_baselines(results, prepared, settings.resamples)
    print(f"{checkpoint.path}, step {checkpoint.step:,}")
    print_table(rows)
    if json_file is not None:
        store(rows, json_file)
    if compare_with is not None:
        found = compare(results, others, settings.resamples)
        print_comparison(found, str(checkpoint.path), str(compare_with))
    return rows
