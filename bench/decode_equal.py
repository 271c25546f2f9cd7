"""Does decoding from caches write what the whole network would?

    python bench/decode_equal.py runs/octet_tiny --data_dir=data --rows=32

decodes test examples of every problem of a trained run, then feeds each output to the whole network
as if it were the target. Each token must be the best after those before it, which is what
recomputing the prefix for each token would have written. Prints a JSON line a problem: tokens,
how many differ, and by how much at most the network preferred another (in logits); ends with
exit code 1 if any differ by more than --tie.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="folder of a training run")
    parser.add_argument("--data_dir", type=Path, default=Path("data"))
    parser.add_argument("--rows", type=int, default=32, help="examples of each problem")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--jit", action="store_true", help="XLA on TensorFlow")
    parser.add_argument("--tie", type=float, default=1e-3, help="logits that close are equal")
    flags = parser.parse_args()
    from t2t_multimodel.checkpoints.checkpoint import open_checkpoint
    from t2t_multimodel.data.datagen import DatagenOptions, generate

    checkpoint = open_checkpoint(flags.run)
    names = checkpoint.problems(())
    prepared = generate(
        names, flags.data_dir, options=DatagenOptions(tokenizers=checkpoint.tokenizers())
    )
    model = checkpoint.model()
    worst = 0.0
    for name in names:
        dataset = prepared[name].dataset(prepared[name].problem.eval_split("test"))
        found = compare(model, name, dataset, flags)
        worst = max(worst, found["largest_gap"])
        print(json.dumps(found), flush=True)
    sys.exit(int(worst > flags.tie))


def compare(model: Any, name: str, dataset: Any, flags: argparse.Namespace) -> dict[str, Any]:
    """One problem."""
    import numpy as np

    from t2t_multimodel.config.decode import DecodeConfig
    from t2t_multimodel.data.collate import collate
    from t2t_multimodel.decode.decoder import Decoder

    decoder = Decoder(model, name, DecodeConfig(jit=flags.jit))
    tokens, differ, gap = 0, 0, 0.0
    rows = min(flags.rows, len(dataset))
    for begin in range(0, rows, flags.batch):
        numbers = range(begin, min(begin + flags.batch, rows))
        batch = collate([dataset[i] for i in numbers], dataset.features)
        ids = decoder(batch).ids[:, 0]
        logits = whole_network(model, name, batch, ids)
        real = np.arange(ids.shape[1]) < lengths(ids)[:, None]
        preferred = logits.max(axis=-1) - np.take_along_axis(logits, ids[..., None], -1)[..., 0]
        tokens += int(real.sum())
        differ += int((preferred[real] > 0).sum())
        gap = max(gap, float(preferred[real].max()))
    return {
        "problem": name,
        "outputs": rows,
        "tokens": tokens,
        "differ": differ,
        "largest_gap": gap,
    }


def whole_network(model: Any, name: str, batch: dict[str, Any], ids: Any) -> Any:
    """Logits [B, T, V] of all positions at once, with the output for a target."""
    import numpy as np

    if model.signature(name).targets.output == "classes":
        return np.asarray(model(batch, problem=name)["logits"])
    forced = {**batch, "targets": ids, "targets_length": lengths(ids)}
    return np.asarray(model(forced, problem=name)["logits"])


def lengths(ids: Any) -> Any:
    """Tokens of each output, the end included; 1 for class labels."""
    import numpy as np

    from t2t_multimodel.features import EOS_ID

    if ids.shape[1] == 1:
        return np.ones(len(ids), np.int32)
    ends = ids == EOS_ID
    return np.where(ends.any(axis=1), ends.argmax(axis=1) + 1, ids.shape[1]).astype(np.int32)


if __name__ == "__main__":
    main()
