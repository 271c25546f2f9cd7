"""Probes of settings: each computes from a config something that a user could observe."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from helpers.small_models import EN_DE, PROBLEMS, batch_for

from t2t_multimodel import Config, UserError
from t2t_multimodel.config import ConstantScheduleConfig, DecodeConfig, ModelConfig, TrainConfig
from t2t_multimodel.data.mixture import make_mixture
from t2t_multimodel.data.step_batches import workers_of
from t2t_multimodel.data.strategies import Sizes
from t2t_multimodel.data.stream import BatchStream, train_buckets
from t2t_multimodel.decode.decoder import Decoder
from t2t_multimodel.engines import devices
from t2t_multimodel.engines.cluster import Cluster
from t2t_multimodel.engines.engine import parallel_batches
from t2t_multimodel.engines.micro_batch import Computed, Observed
from t2t_multimodel.evaluate.evaluator import Evaluator
from t2t_multimodel.evaluate.final import TEMPERATURES
from t2t_multimodel.features import Audio, Image, ProblemSignature, Signature
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.losses import ProblemLoss, problem_loss
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.plan.sizes import declared_signature
from t2t_multimodel.runs import trackers
from t2t_multimodel.train import affinity, main
from t2t_multimodel.train.best import Best
from t2t_multimodel.train.diverged import Guard
from t2t_multimodel.train.loop import Trainer
from t2t_multimodel.train.schedules import learning_rate

TRANSLATE, CLASSIFY, TRANSCRIBE = PROBLEMS[0], PROBLEMS[1], PROBLEMS[3]
NETWORK_PROBLEMS = (TRANSLATE, CLASSIFY, TRANSCRIBE)
STAND_INS = ("octet_ende", "octet_image", "octet_speech")
"""Problems of a config whose networks those of `NETWORK_PROBLEMS` stand for."""
_SPELLINGS = {EN_DE.identity: np.full((EN_DE.size, 1), 97, np.uint8)}


@functools.cache
def _variables(config: ModelConfig, number: int) -> tuple[tuple[str, Any], ...]:
    with keras.StatelessScope(initialize_variables=False):  # shapes alone: much cheaper
        model = MultiModel(config, (NETWORK_PROBLEMS[number],), _SPELLINGS)
    return tuple((variable.path, variable.shape) for variable in model.variables)


@functools.cache
def _loss(config: ModelConfig, number: int, label_smoothing: float) -> float:
    problem = NETWORK_PROBLEMS[number]
    keras.utils.set_random_seed(5)
    model, batch = MultiModel(config, (problem,), _SPELLINGS), batch_for(problem)
    how = {"training": True, "seed": StepSeed(1), "label_smoothing": label_smoothing}
    return float(problem_loss(model, batch, problem.name, **how).loss)


@dataclasses.dataclass(frozen=True)
class OfNetwork:
    """Observes the network of one problem, which a run must have for this to count."""

    number: int
    """Index into `NETWORK_PROBLEMS`."""

    @property
    def stand_in(self) -> str:
        """The name of the problem in the config."""
        return STAND_INS[self.number]


class Variables(OfNetwork):
    """Path and shape of each variable."""

    def __call__(self, config: Config) -> Any:
        return _variables(config.model, self.number)


class Loss(OfNetwork):
    """The training loss of a batch."""

    def __call__(self, config: Config) -> float:
        return _loss(config.model, self.number, config.train.label_smoothing)


class Lengths:
    """A data set of which the lengths alone are known."""

    features: dict[str, Any] = {}

    def __init__(self, **units: tuple[int, int]) -> None:
        rng = np.random.default_rng(3)
        lengths = {unit: rng.integers(low, high, 300) for unit, (low, high) in units.items()}
        self._units = lengths
        self.lengths = {"inputs": next(iter(lengths.values())), "targets": rng.integers(1, 60, 300)}

    def unit_lengths(self) -> dict[str, np.ndarray]:
        return self._units

    def __len__(self) -> int:
        return 300

    def __getitem__(self, number: int) -> dict[str, Any]:
        return {}


DATA = {
    "octet_ende": Lengths(tokens=(3, 60)),
    "octet_speech": Lengths(frames=(100, 900), tokens=(3, 40)),
    "octet_image": Lengths(pixels=(700, 900)),
}


def rows(config: Config) -> Any:
    """Which examples are in a bucket, and how many make a batch."""
    found = {}
    for name, dataset in DATA.items():
        made = train_buckets(dataset, config.data.of(name), config.train.seed, name)  # type: ignore[arg-type]
        found[name] = [(bucket.rows, bucket.members.tolist()) for bucket in made]
    return found


def padding(config: Config) -> Any:
    """The lengths that a batch is filled up to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("t2t_multimodel.data.stream.collate", lambda _, __, pad_to=None: pad_to)
        return BatchStream(DATA["octet_ende"], config.data, 0, "octet_ende")[0]  # type: ignore[arg-type]


def augmentation(config: Config) -> Any:
    """A sound of random frames and an image of random pixels as training has them."""
    draws = np.random.default_rng(0)
    frames = draws.normal(size=(60, 20)).astype(np.float32)
    pixels = draws.integers(0, 256, (8, 8, 1), np.uint8)
    sound = Audio(rate=8000, n_mels=20, mask=0.1).with_augmentation(config.data)
    image = Image(8, 8, 1).with_augmentation(config.data)
    return sound.augment(frames, draws).tolist(), image.augment(pixels, draws).tolist()


def order(config: Config) -> Any:
    """The examples of the first batches."""
    lengths = Lengths(tokens=(3, 60))
    number = SimpleNamespace(augment=lambda value, draws: value)
    number.with_augmentation = lambda config: number
    lengths.features = {"number": number}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lengths, "__getitem__", lambda self, number: {"number": number})
        patch.setattr(
            "t2t_multimodel.data.stream.collate",
            lambda examples, *_: [example["number"] for example in examples],
        )
        stream = BatchStream(lengths, config.data, config.train.seed, "octet_ende")  # type: ignore[arg-type]
        return stream[0], stream[1]


def vocabulary(config: Config) -> int:
    return declared_signature("octet_ende", config.data.vocab_size).targets.size


def draws(config: Config) -> Any:
    """The problems of the first steps, whose losses are observed."""
    sizes = {name: Sizes(50 + 400 * n, 5.0 + 40 * n) for n, name in enumerate(config.trained)}
    mixture, drawn = make_mixture(config, sizes), []
    for step in range(60):
        problems = mixture.draw(step)
        mixture.observe(step, problems, [float(len(name)) for name in problems])
        drawn.append((problems, mixture.shares(step)))
    return drawn


class _Linear:
    """A loss that is linear in two variables."""

    def __init__(self) -> None:
        import tensorflow as tf

        values = {"body": np.array([[1.0, -2.0], [0.5, 3.0]]), "vector": np.array([4.0, -1.0])}
        self.trainable_variables = [
            SimpleNamespace(path=f"model/{name}/kernel", value=tf.Variable(value, dtype=tf.float32))
            for name, value in values.items()
        ]
        matrix = Signature("made", "made", 0, (2, 2), 1, "float32")
        vector = Signature("made", "made", 0, (2,), 1, "float32")
        self.problems = {name: ProblemSignature(name, name, matrix, vector) for name in DATA}

    def loss(self, batch: Any, problem: str, **_: Any) -> ProblemLoss:
        import tensorflow as tf

        matrix, vector = (variable.value for variable in self.trainable_variables)
        loss = tf.reduce_sum(batch["inputs"][0] * matrix)
        if problem == "octet_ende":
            loss += tf.reduce_sum(batch["targets"][0] * vector)
        return ProblemLoss(loss, {"xent": loss}, {})


def updates(config: Config) -> Any:
    """Weights, slots and averages after two steps of a model of two variables."""
    train = config.train
    read = Config(  # sets that differ elsewhere share what was computed
        problems=config.problems,
        optimizer=config.optimizer.replace(schedule=ConstantScheduleConfig()),
        train=TrainConfig(loss_weights=train.loss_weights, jit_compile=train.jit_compile),
    )
    return _updates(read)


@functools.cache
def _updates(config: Config) -> Any:
    from t2t_multimodel.engines.tensorflow import TensorFlowEngine

    compiled: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("t2t_multimodel.engines.tensorflow.problem_loss", _Linear.loss)
        patch.setattr(
            "t2t_multimodel.engines.tensorflow.for_xla",
            lambda: compiled.append("xla") or contextlib.nullcontext(),
        )
        model: Any = _Linear()
        engine = TensorFlowEngine(model, config)
        scales = {"octet_ende": 1e-4 if len(config.rates) > 1 else 3.0, "octet_image": 3.0}
        for step in range(2):
            for name in (one for one in scales if one in config.rates):
                scale = scales[name]
                batch = {
                    "inputs": scale * np.array([[[0.1, -0.2], [0.3, 0.4]]], "float32"),
                    "targets": scale * np.array([[0.5, -0.6]], "float32"),
                    "inputs_length": np.ones(1, np.int32),
                    "targets_length": np.ones(1, np.int32),
                }
                engine.add(engine.compute(name, batch, step)[0])
            engine.update(0.01, step, {})
    arrays = {v.path: v.value.numpy() for v in model.trainable_variables}
    arrays |= engine.state() | engine.averages()
    return compiled, {name: np.asarray(value).tolist() for name, value in arrays.items()}


def learning_rates(config: Config) -> list[float]:
    width, steps = config.model.hidden_size, config.train.steps
    return [learning_rate(config.optimizer, step, steps, width) for step in range(0, 60, 7)]


class _Stream:
    def __getitem__(self, number: int) -> dict[str, np.ndarray]:
        return {"inputs": np.zeros(1)}


@dataclass(frozen=True)
class Scored:
    """The result of an empty model."""

    problem: str
    split: str
    scores: dict[str, float]
    outputs: tuple[()] = ()
    loss: str = ""
    tempered: Any = None


def _events(config: Config, folder: Path) -> Any:
    """What a run of an empty model writes and says, step by step, and its table at the end."""
    events: list[Any] = []
    scored = dict.fromkeys(DATA, 0)

    def nats_at(name: str, split: str, examples: int, *more: Any) -> Any:
        events.append(("tempered", name, split, examples))
        return f"fitted on {split}", np.zeros((2, len(TEMPERATURES)))

    def evaluate(name: str, split: str, examples: int, decoded: int, shuffled: bool = False) -> Any:
        events.append(("scored", name, split, examples, decoded))
        scored[name] += 1
        better = name == "octet_ende" and len(config.trained) > 1  # one alone gets worse
        nats = -1.0 * scored[name] if better else 2.0 * scored[name]
        named = {"teacher_forced/log_ppl": nats, "teacher_forced/accuracy": nats}
        return Scored(problem=name, split=split, scores=named)

    trainer: Any = Trainer.__new__(Trainer)
    scalars = {"xent": 5.0, "accuracy": 0.5, "tokens": 3.0, "aux_loss": 0.0}
    trainer.config, trainer.log = config, lambda line: events.append(("said", trainer.step))
    trainer.engine = SimpleNamespace(
        compile=lambda name: None,
        clear=lambda: None,
        compute=lambda *_: Computed({}, Observed(scalars, {})),
        add=lambda gradients: None,
        update=lambda rate, step, loads: 1.0,
        averages=dict,
        split=None,
        traces=0,
    )
    trainer.process_group, trainer.model = devices.ALONE, None
    trainer.folder = SimpleNamespace(
        write_scalars=lambda step, values: None, path=folder, write_json=lambda *_: None
    )
    trainer.prepared = {one: None for one in ("octet_ende", "octet_image") if one in config.rates}
    trainer.evaluator = SimpleNamespace(evaluate=evaluate, nats_at=nats_at)
    trainer.streams = dict.fromkeys(config.trained, _Stream())
    trainer.mixture = make_mixture(config, dict.fromkeys(config.trained, Sizes(50, 5.0)))
    trainer.saver = SimpleNamespace(close=lambda: None)
    trainer.guard, trainer.best = Guard(folder, config.train.max_xent), Best(config.evaluate)
    trainer.step = trainer.saved_step = trainer.evaluated_step = 0
    trainer.positions, trainer.realised = {}, list
    trainer.save = lambda: (
        setattr(trainer, "saved_step", trainer.step),
        events.append(("saved", trainer.step, dict(trainer.best.steps))),
    )
    trainer.keep_samples = lambda result: events.append(("samples", result.split))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("print_mixture", "print_table", "store", "write_baselines"):
            patch.setattr(main, name, lambda *_: None)
        patch.setattr(affinity, "measure", lambda run, _: events.append(("affinity", run.step)))
        patch.setattr(main, "with_baselines", lambda _, __, n: events.append(("resamples", n)))
        try:
            trainer.run()
            main.write_final_table(trainer)
        except UserError as error:
            events.append(error.message)
    return events


def events(config: Config) -> Any:
    """As `_events`, in a folder that is thrown away."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return _events(config, Path(folder))


def checkpoints_kept(config: Config) -> int:
    with pytest.MonkeyPatch.context() as patch:
        found: list[int] = []
        patch.setattr("t2t_multimodel.train.loop.Saver", lambda folder, keep: found.append(keep))
        patch.setattr("t2t_multimodel.train.loop.Evaluator", lambda *_: None)
        patch.setattr(Trainer, "_streams", lambda self: {})
        patch.setattr("t2t_multimodel.train.loop.make_mixture", lambda *_: None)
        folder = SimpleNamespace(checkpoints=None, path=None)
        Trainer(config, {}, None, SimpleNamespace(split=None), folder)  # type: ignore[arg-type]
        return found[0]


def tracker(config: Config) -> str:
    """The tracker that the scalars go to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("t2t_multimodel.runs.trackers.TRACKERS", {"mlflow": lambda *_: "mlflow"})
        return str(trackers.begin(config.train.report_to, Path(), config))


def heard_in_decoding(config: Config) -> float:
    """What CTC says of an output."""
    decoder: Any = Decoder.__new__(Decoder)
    decoder._model = SimpleNamespace(config=config.model, signature=lambda name: TRANSCRIBE)
    decoder._problem, decoder._config = "transcribe", DecodeConfig()
    return decoder._ctc_weight()


def outputs_followed(config: Config) -> Any:
    """How the outputs of the decoded metrics are chosen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "t2t_multimodel.evaluate.evaluator.Decoder",
            lambda model, name, how, own: lambda batch: SimpleNamespace(ids=np.array([[[how]]])),
        )
        patch.setattr("t2t_multimodel.evaluate.evaluator.guides", lambda *_: ())
        model: Any = SimpleNamespace(signature=lambda name: TRANSLATE)
        prepared: Any = {"translate": SimpleNamespace(problem=None, tokenizers={})}
        return Evaluator(model, prepared, config)._output("translate", {})[0, 0]


def side_by_side(config: Config) -> int:
    return parallel_batches(config)


def making_threads(config: Config) -> int:
    return workers_of(config.data)


def set_up(config: Config) -> Any:
    """What is asked of the devices, or why it can not be."""
    asked: list[Any] = []
    jax_mesh = SimpleNamespace(set_mesh=lambda mesh, _: asked.append((mesh.data, mesh.experts)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "_need", lambda *_: None)
        patch.setitem(__import__("sys").modules, "t2t_multimodel.engines.jax_mesh", jax_mesh)  # type: ignore[arg-type]
        patch.setattr("t2t_multimodel.engines.jax_mesh", jax_mesh, raising=False)
        patch.setattr(
            "t2t_multimodel.engines.tensorflow_process_group.WorkerProcessGroup",
            lambda cluster, timeout: asked.append(timeout),
        )
        patch.setattr(
            "t2t_multimodel.engines.tensorflow_mirrored.devices", lambda n: asked.append(n) or [0]
        )
        several = config.train.distribution.kind == "multi_worker"
        devices.set_up(config, Cluster(("a:1", "b:1"), 0) if several else None)
    return config.train.distribution.kind, asked


def start(config: Config) -> Any:
    """Where the first weights come from."""
    from t2t_multimodel.checkpoints import warm_start

    try:
        return warm_start.source(config.train.warm_start)
    except UserError as error:
        return error.message
