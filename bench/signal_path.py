"""How large is the signal in each layer, forth and back, and how fast do weights move?

    python bench/signal_path.py --problem=octet_ende --data_dir=data
    python bench/signal_path.py --problem=octet_ende --hparams=model.branch_scale=1

trains one problem, and at each of --at steps prints a line for each layer down to --depth, in the
order in which they run: the root mean square of its output, that of the loss's gradient by the
output, and the norm of the gradient by its own weights, over the norm of those weights. The batch
that is looked at is always the first one, without dropout. Runs on TensorFlow.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def main() -> None:
    """Reads the flags, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hparams_set", default="octet_quick")
    parser.add_argument("--hparams", default="", help="overrides, as for mm-trainer")
    parser.add_argument("--problem", default="octet_ende")
    parser.add_argument("--data_dir", type=Path, default=Path("data"))
    parser.add_argument("--at", default="0,10,100", help="steps before which is looked")
    parser.add_argument("--depth", type=int, default=3, help="levels of names below the model")
    flags = parser.parse_args()
    model, engine, stream, config = prepare(flags)
    layers = Layers(model, flags.depth)
    wanted = [int(step) for step in flags.at.split(",")]
    for step in range(max(wanted) + 1):
        if step in wanted:
            loss, lines = layers.look(stream[0], flags.problem)
            print(f"\nstep {step}: loss {loss:.3f}")
            print(f"{'layer':44} {'output':>9} {'back':>9} {'weights':>9}")
            for name, sizes in lines.items():
                print(f"{name:44} " + " ".join(f"{size:9.2e}" for size in sizes))
        train_one(engine, config, flags.problem, stream, step)


def prepare(flags: argparse.Namespace) -> tuple[Any, Any, Any, Any]:
    """Model, engine, batches and config of the flags."""
    from t2t_multimodel import overrides
    from t2t_multimodel.data.datagen import generate
    from t2t_multimodel.data.stream import BatchStream
    from t2t_multimodel.engines.engine import make_engine
    from t2t_multimodel.train.main import new_model

    config = overrides.resolve(
        flags.hparams_set, overrides.Overrides(problems=[flags.problem], hparams=flags.hparams)
    ).config
    prepared = generate([flags.problem], flags.data_dir)
    model = new_model(config, prepared)
    dataset = prepared[flags.problem].dataset("train")
    stream = BatchStream(dataset, config.data, config.train.seed, flags.problem)
    return model, make_engine(model, config), stream, config


def train_one(engine: Any, config: Any, problem: str, stream: Any, step: int) -> None:
    """One step of training on one micro-batch."""
    from t2t_multimodel.engines.micro_batch import summed_loads
    from t2t_multimodel.train.schedules import learning_rate

    width, steps = config.model.hidden_size, config.train.steps
    rate = learning_rate(config.optimizer, step, steps, width)
    computed = engine.compute(problem, stream[step], step)
    engine.add(computed.gradients)
    engine.update(rate, step, summed_loads([computed.observed]))


class Layers:
    """Keeps what layers return, while it looks.

    Args:
        model: its layers' `call` is wrapped.
        depth: levels of names below the model.
    """

    def __init__(self, model: Any, depth: int) -> None:
        self._model = model
        self._outputs: list[tuple[Any, Any]] | None = None
        self._tape: Any = None
        from t2t_multimodel.layers.base import sublayers

        for layer in sublayers(model, all_levels=True):
            if layer.path.count("/") <= depth:
                layer.call = self._kept(layer, layer.call)

    def _kept(self, layer: Any, call: Any) -> Any:
        def kept(*args: Any, **kwargs: Any) -> Any:
            result = call(*args, **kwargs)
            output = result[0] if isinstance(result, tuple) else result
            if self._outputs is not None and hasattr(output, "dtype"):
                self._tape.watch(output)
                self._outputs.append((layer, output))
            return result

        return kept

    def look(self, batch: Any, problem: str) -> tuple[float, dict[str, tuple[float, float, float]]]:
        """The loss of a batch; sizes of output, its gradient, and relative ones of weights."""
        import tensorflow as tf

        from t2t_multimodel.losses import problem_loss

        self._outputs = []
        with tf.GradientTape() as self._tape:
            loss, _, _ = problem_loss(self._model, batch, problem)
        outputs, self._outputs = self._outputs, None
        weights = [[v.value for v in layer.trainable_variables] for layer, _ in outputs]
        backs, moves = self._tape.gradient(loss, [[x for _, x in outputs], weights])
        lines = {}
        for (layer, output), back, values, own in zip(outputs, backs, weights, moves, strict=True):
            moved = [(w, g) for w, g in zip(values, own, strict=True) if g is not None]
            size = norm([w for w, _ in moved])
            part = norm([g for _, g in moved]) / size if size else 0.0
            lines[layer.path.partition("/")[2]] = (mean_square(output), mean_square(back), part)
        return float(loss), lines


def norm(tensors: list[Any]) -> float:
    """Euclidean, of all together; rows of an embedding that were not looked up count 0."""
    import tensorflow as tf

    return float(tf.linalg.global_norm(tensors))


def mean_square(tensor: Any) -> float:
    """The root of the mean square; 0 where there is no gradient."""
    import tensorflow as tf

    if tensor is None:
        return 0.0
    return float(tf.sqrt(tf.reduce_mean(tf.square(tf.cast(tensor, tf.float32)))))


if __name__ == "__main__":
    main()
