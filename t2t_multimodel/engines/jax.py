"""Compiled steps on JAX: gradients of what a problem reads, updates of what got a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from t2t_multimodel.backend import host_copy
from t2t_multimodel.config import Config
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.engines import muon
from t2t_multimodel.engines.balance import move_biases
from t2t_multimodel.engines.engine import Engine, decoupled_decay, ema_rest, rate_factor, with_l2
from t2t_multimodel.engines.micro_batch import Computed, Gradients, Loads, Observed
from t2t_multimodel.layers.random import StepSeed
from t2t_multimodel.losses import ProblemLoss, problem_loss
from t2t_multimodel.multimodel import MultiModel


class JaxEngine(Engine):
    """Compiles once for each shape of batch: use `data.static_shapes`."""

    def __init__(self, model: MultiModel, config: Config) -> None:
        self._model, self._config = model, config
        self._variables = list(model.trainable_variables)
        self._others = list(model.non_trainable_variables)
        self._momenta = {i: _zeros_like(v.value) for i, v in enumerate(self._variables)}
        self._squares = {
            i: _zeros_like(variable.value)
            for i, variable in enumerate(self._variables)
            if not muon.moves_by_muon(config.optimizer, variable.path, variable.shape)
        }
        self._averages: list[Any] = []
        if config.optimizer.ema_decay:
            self._averages = [_copy(v.value) for v in self._variables]
        self._read: dict[str, list[int]] = {}
        self._functions: dict[str, Callable[..., Any]] = {}
        self._update = jax.jit(self._stepped, donate_argnums=(0, 1, 2))
        self._average = jax.jit(self._moved_averages, donate_argnums=0)
        self._add = jax.jit(_sum, donate_argnums=0)
        self._total: Gradients = {}
        self._added = 0
        self.traces = 0

    def compile(self, problem: str) -> None:
        """Nothing ahead: JAX compiles for the shapes that the batches have."""

    def compute(self, problem: str, batch: Batch, draw: int) -> Computed:
        if problem not in self._functions:
            self._read[problem] = self._variables_read(problem, batch)
            self._functions[problem] = self._gradient_function(problem)
        indices = self._read[problem]
        values = [self._variables[i].value for i in indices]
        others = [variable.value for variable in self._others]
        gradients, observed = self._functions[problem](values, others, batch, np.int32(draw))
        return Computed(dict(zip(indices, gradients, strict=True)), observed)

    def _loss(self, problem: str, batch: Batch, draw: Any) -> ProblemLoss:
        train = self._config.train
        return problem_loss(
            self._model,
            batch,
            problem,
            training=True,
            seed=StepSeed(draw * 65537 + train.seed),
            label_smoothing=train.label_smoothing,
        )

    def _variables_read(self, problem: str, batch: Batch) -> list[int]:
        """Finds the variables on which the problem's loss depends, by one abstract run."""
        scope = _ReadRecorder()

        def run(batch: Batch) -> Any:
            with scope:
                return self._loss(problem, batch, jnp.int32(0)).loss

        jax.eval_shape(run, batch)
        return [i for i, v in enumerate(self._variables) if id(v) in scope.read]

    def _gradient_function(self, problem: str) -> Callable[..., Any]:
        variables = [self._variables[i] for i in self._read[problem]]

        def loss(values: list[Any], others: list[Any], batch: Batch, draw: Any) -> Any:
            self.traces += 1
            state = zip([*variables, *self._others], [*values, *others], strict=True)
            with keras.StatelessScope(state_mapping=list(state)):
                value, scalars, loads = self._loss(problem, batch, draw)
            weight = self._config.loss_weights.get(problem, 1.0)
            return value * weight, Observed(scalars, loads)

        compute = jax.value_and_grad(loss, has_aux=True)

        @jax.jit
        def run(values: list[Any], others: list[Any], batch: Batch, draw: Any) -> Any:
            (_, observed), gradients = compute(values, others, batch, draw)
            pairs = zip(gradients, values, strict=True)
            found = [with_l2(g, v, self._config.optimizer) for g, v in pairs]
            return self._placed(found, self._read[problem]), self._shown(observed)

        return run

    def _placed(self, values: list[Any], indices: list[int]) -> list[Any]:
        """Values like variables; on several devices they lie where the variables do."""
        return values

    def _shown(self, observed: Observed) -> Observed:
        """Numbers as they are; on several devices they lie where every process can read them."""
        return observed

    def add(self, gradients: Gradients) -> None:
        self._added += 1
        both = sorted(self._total.keys() & gradients.keys())
        sums = self._add({i: self._total[i] for i in both}, {i: gradients[i] for i in both})
        self._total = {**self._total, **gradients, **sums}

    def clear(self) -> None:
        self._total, self._added = {}, 0

    def update(self, learning_rate: float, step: int, loads: Loads) -> float:
        indices = sorted(self._total)
        (values, first, second), norm = self._update(
            {i: self._variables[i].value for i in indices},
            {i: self._momenta[i] for i in indices},
            {i: self._squares[i] for i in indices if i in self._squares},
            self._total,
            np.float32(self._added),
            np.float32(learning_rate),
            np.float32(step + 1),
        )
        self.clear()
        for i in indices:
            self._variables[i].assign(values[i])
        self._momenta.update(first)
        self._squares.update(second)
        if self._averages:
            moved = {i: self._averages[i] for i in indices}
            moved = self._average(moved, {i: values[i] for i in indices}, np.float32(step + 1))
            for i in indices:
                self._averages[i] = moved[i]
        move_biases(self._model, loads, self._config.model.balance_rate)
        return float(norm)

    def _stepped(
        self,
        values: Gradients,
        first: Gradients,
        second: Gradients,
        total: Gradients,
        number: Any,
        rate: Any,
        count: Any,
    ) -> tuple[tuple[Gradients, Gradients, Gradients], Any]:
        """Values and slots after one step, and the norm; one program, so no mean is stored."""
        means, norm = self._clipped_mean(total, number)
        return self._moved(values, first, second, means, rate, count), norm

    def _clipped_mean(self, total: Gradients, number: Any) -> tuple[Gradients, Any]:
        """Mean over micro-batches, clipped by global norm, and that norm before clipping."""
        means = {i: gradient / number for i, gradient in total.items()}
        norm = jnp.sqrt(sum(jnp.sum(jnp.square(mean)) for mean in means.values()))
        clip = self._config.optimizer.clip_norm
        scale = clip / jnp.maximum(norm, clip) if clip else 1.0
        return {i: mean * scale for i, mean in means.items()}, norm

    def _moved(
        self,
        values: Gradients,
        first: Gradients,
        second: Gradients,
        means: Gradients,
        rate: Any,
        count: Any,
    ) -> tuple[Gradients, Gradients, Gradients]:
        """Adam (arXiv 1412.6980) or Muon with decoupled weight decay (1711.05101)."""
        optimizer = self._config.optimizer
        matrices = {i: mean for i, mean in means.items() if i not in second}
        momenta, moves = muon.directions(optimizer, matrices, first) if matrices else ({}, {})
        new: tuple[Gradients, Gradients, Gradients] = ({}, dict(momenta), {})
        beta1, beta2 = optimizer.beta1, optimizer.beta2
        corrected = jnp.sqrt(1 - beta2**count) / (1 - beta1**count)
        for i, mean in means.items():
            value = values[i]
            own = rate_factor(self._config, self._variables[i].path, value.shape) * rate
            value = value * (1 - own * decoupled_decay(value, optimizer))
            if i in moves:
                new[0][i] = value - own * moves[i]
                continue
            new[1][i] = beta1 * first[i] + (1 - beta1) * mean
            new[2][i] = beta2 * second[i] + (1 - beta2) * jnp.square(mean)
            moved = own * corrected * new[1][i]
            new[0][i] = value - moved / (jnp.sqrt(new[2][i]) + optimizer.epsilon)
        return new

    def _moved_averages(self, averages: Gradients, values: Gradients, count: Any) -> Gradients:
        rest = ema_rest(self._config.optimizer, count, jnp.minimum)
        return {i: mean - rest * (mean - values[i]) for i, mean in averages.items()}

    def averages(self) -> dict[str, np.ndarray]:
        return {path: host_copy(value) for path, value in self.device_averages().items()}

    def state(self) -> dict[str, np.ndarray]:
        return {name: host_copy(value) for name, value in self.device_state().items()}

    def device_averages(self) -> dict[str, jax.Array]:
        """As `averages`, the arrays themselves: the next update makes them unusable."""
        averages = zip(self._variables, self._averages, strict=False)
        return {variable.path: value for variable, value in averages}

    def device_state(self) -> dict[str, jax.Array]:
        """As `state`, the arrays themselves: the next update makes them unusable."""
        kinds = {"m": self._momenta, "v": self._squares}
        if self._averages:
            kinds["weights"] = {i: one.value for i, one in enumerate(self._variables)}
        return {
            f"{kind}/{self._variables[i].path}": value
            for kind, values in kinds.items()
            for i, value in values.items()
        }

    def restore(self, state: dict[str, Any]) -> None:
        for kind, values in (("m", self._momenta), ("v", self._squares)):
            for i, value in values.items():
                path = self._variables[i].path
                values[i] = jax.device_put(state[f"{kind}/{path}"], value.sharding)
        for i, variable in enumerate(self._variables if self._averages else ()):
            self._averages[i] = _copy(variable.value)  # the saved model's weights are the averages
            variable.assign(state[f"weights/{variable.path}"])


def _zeros_like(value: jax.Array) -> jax.Array:
    """Zeros where the value lies; from the host, since on devices each shape is compiled."""
    return jax.device_put(np.zeros(value.shape, value.dtype), value.sharding)


def _copy(value: jax.Array) -> jax.Array:
    return jax.device_put(host_copy(value), value.sharding)


def _sum(first: Gradients, second: Gradients) -> Gradients:
    return {i: first[i] + second[i] for i in first}


class _ReadRecorder(keras.StatelessScope):
    """Remembers which variables were read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: set[int] = set()

    def get_current_value(self, variable: Any) -> Any:
        self.read.add(id(variable))
        return super().get_current_value(variable)
