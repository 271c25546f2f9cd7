"""Several devices on JAX: rows of a micro-batch over a mesh, experts over its second axis.

The step is the same program as on one device. Arrays are laid out over the mesh, and the compiler
splits the work and adds the communication (GSPMD, arXiv 2105.04663), but for the experts, whose
tokens are exchanged as `layers.expert_exchange` says.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from t2t_multimodel.config import Config, MeshConfig
from t2t_multimodel.config.moe import ExpertsConfig
from t2t_multimodel.data.collate import Batch
from t2t_multimodel.data.row_share import RowShare
from t2t_multimodel.engines.engine import SplitArrays, checksum_of
from t2t_multimodel.engines.jax import JaxEngine
from t2t_multimodel.engines.micro_batch import Computed, Gradients, Observed
from t2t_multimodel.errors import UserError
from t2t_multimodel.layers import expert_exchange
from t2t_multimodel.losses import ProblemLoss
from t2t_multimodel.multimodel import MultiModel

EXPERT_KERNELS = r".*/experts_kernel\d+"
"""Paths of the stacked weights of experts, [E, in, out]."""
ROWS = jax.sharding.PartitionSpec(("data", "experts"))
"""The layout of a micro-batch."""


class MeshEngine(JaxEngine):
    """Rows go over both axes; expert weights and their moments are split over "experts".

    Empty rows fill a micro-batch up to a multiple of the devices. They are masked everywhere, and
    the random draws of the others do not change, since JAX draws each element by its place.

    Args:
        model: made after `set_mesh`.
        config: of the run.
        share: the rows of this process; None: it is the only one.
    """

    def __init__(self, model: MultiModel, config: Config, share: RowShare | None = None) -> None:
        super().__init__(model, config)
        self._mesh = mesh = keras.distribution.distribution().device_mesh.backend_mesh
        self._share = share or RowShare(0, mesh.size, mesh.size)
        self._by_rows = jax.sharding.NamedSharding(mesh, ROWS)
        self._everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
        self._shardings = [variable.value.sharding for variable in self._variables]
        if mesh.shape["experts"] > 1:
            self.split = _SplitArrays(model, self)

    def compute(self, problem: str, batch: Batch, draw: int) -> Computed:
        rows = len(batch["targets_length"])
        whole, slots = self._share.filled(rows), self._share.slots
        if whole > rows and self._config.model.routes_padding:
            raise UserError(
                f"A micro-batch of {problem} has {rows} rows, which {slots} devices can not "
                "share: model.moe.route_padding would count rows that fill it up.",
                fix="Choose data.examples_per_batch and budgets that make multiples, or one "
                "device.",
            )
        own = self._share.own(rows)
        placed = {
            name: jax.make_array_from_process_local_data(
                self._by_rows, _rows(array, own), (whole, *array.shape[1:])
            )
            for name, array in batch.items()
        }
        return super().compute(problem, placed, draw)

    def _loss(self, problem: str, batch: Batch, draw: Any) -> ProblemLoss:
        with expert_exchange.over(self._mesh):
            return super()._loss(problem, batch, draw)

    def _shown(self, observed: Observed) -> Observed:
        return jax.lax.with_sharding_constraint(observed, self._everywhere)

    def _placed(self, values: list[Any], indices: list[int]) -> list[Any]:
        places = [self._shardings[i] for i in indices]
        return jax.lax.with_sharding_constraint(values, places)

    def _moved(
        self,
        values: Gradients,
        first: Gradients,
        second: Gradients,
        means: Gradients,
        rate: Any,
        count: Any,
    ) -> tuple[Gradients, Gradients, Gradients]:
        new = super()._moved(values, first, second, means, rate, count)
        places = [{i: self._shardings[i] for i in part} for part in new]
        return jax.lax.with_sharding_constraint(new, tuple(places))


class _SplitArrays(SplitArrays):
    """The averages and slots of an engine where they lie."""

    def __init__(self, model: MultiModel, engine: MeshEngine) -> None:
        self._model, self._engine = model, engine

    def averages(self) -> dict[str, jax.Array]:
        return self._engine.device_averages()

    def state(self) -> dict[str, jax.Array]:
        return self._engine.device_state()

    def checksum(self) -> int:
        arrays = [*(v.value for v in self._model.variables), *self.state().values()]
        mesh = arrays[0].sharding.mesh
        everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
        sums = jax.jit(_bit_sums, out_shardings=everywhere)(arrays)
        return checksum_of(map(np.asarray, sums))


def _bit_sums(arrays: list[Any]) -> list[Any]:
    """The sum of each array's bits: of integers, so however they are split it is the same."""
    unsigned = {1: jnp.uint8, 2: jnp.uint16, 4: jnp.uint32}
    bits = [jax.lax.bitcast_convert_type(one, unsigned[one.dtype.itemsize]) for one in arrays]
    return [jnp.sum(one.astype(jnp.uint32)) for one in bits]


def _rows(array: np.ndarray, rows: range) -> np.ndarray:
    """Some rows of an array, with zeros for those behind its end."""
    part = array[rows.start : rows.stop]
    return np.pad(part, [(0, len(rows) - len(part))] + [(0, 0)] * (array.ndim - 1))


def set_mesh(wanted: MeshConfig, config: Config) -> None:
    """Makes Keras lay out the variables that it makes from now on.

    Raises:
        UserError: there are too few devices, or too many for processes that must all have some,
            or the experts can not be shared evenly.
    """
    number, here = wanted.data * wanted.experts, jax.devices()
    if jax.process_count() > 1 and number != len(here):
        raise UserError(
            f"data:{wanted.data},experts:{wanted.experts} has {number} devices; the "
            f"{jax.process_count()} processes have {len(here)}.",
            fix="Use all of them: data times experts must be their number.",
        )
    if number > len(here):
        raise UserError(
            f"data:{wanted.data},experts:{wanted.experts} needs {number} devices; "
            f"JAX has {len(here)}.",
            fix="To try it on a processor: "
            f"XLA_FLAGS=--xla_force_host_platform_device_count={number}",
        )
    moe = config.model.moe
    experts = moe.experts if isinstance(moe, ExpertsConfig) else 0
    if wanted.experts > 1 and not experts:
        raise UserError(
            f"experts:{wanted.experts} has no effect with model.moe={moe.kind}: there are none.",
            fix="Leave it out, or choose model.moe=experts.",
        )
    if experts % wanted.experts:
        raise UserError(
            f"{experts} experts can not be shared by {wanted.experts} devices evenly.",
            fix="Choose a divisor of model.moe.experts.",
        )
    mesh = keras.distribution.DeviceMesh(
        (wanted.data, wanted.experts),
        ("data", "experts"),
        np.array([f"{one.platform}:{one.id}" for one in here[:number]]),
    )
    layouts = keras.distribution.LayoutMap(mesh)
    layouts[EXPERT_KERNELS] = ("experts", None, None)
    keras.distribution.set_distribution(
        keras.distribution.ModelParallel(layout_map=layouts, batch_dim_name="data")
    )
