"""Writes a SavedModel: a signature for each problem, from raw inputs to texts with scores.

A problem whose targets are values gives the values instead.

Legend: B inputs, N outputs of each, R = B * N, T longest output.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from t2t_multimodel import storage
from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.checkpoints.recorded_features import check_features
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.data.files import writing
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.decode.beam import LOST
from t2t_multimodel.decode.decoder import Decoder
from t2t_multimodel.decode.grammar import guides
from t2t_multimodel.errors import UserError
from t2t_multimodel.export.about import ABOUT
from t2t_multimodel.export.subwords import Subwords
from t2t_multimodel.features import Argument, Feature
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.problem import Problem
from t2t_multimodel.raw_files import mark_own
from t2t_multimodel.registry import problems


def export(
    checkpoint: Checkpoint, names: Sequence[str], folder: Path, config: DecodeConfig
) -> dict[str, Any]:
    """Writes the SavedModel; `folder` appears when it is whole.

    Args:
        checkpoint: of the model.
        names: problems, each of which gets a signature.
        folder: must not be there, or be empty.
        config: how outputs are chosen.

    Returns:
        what `signatures.json` holds.

    Raises:
        UserError: the folder holds something, Keras does not run on TensorFlow, or a feature has
            no operations of TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            f"A SavedModel is TensorFlow's, but Keras runs on {keras.backend.backend()}.",
            "Set KERAS_BACKEND=tensorflow.",
        )
    is_empty = folder.is_dir() and not any(folder.iterdir())
    folder = folder.resolve()
    if folder == Path.cwd() or (folder.exists() and not is_empty):
        raise UserError(f"{folder} exists already.", "Give --export_dir a folder of its own.")
    check_features(checkpoint, names)
    tokenizers = checkpoint.tokenizers()
    exporter = Exporter(checkpoint.model(), tokenizers, config)
    signatures, about = {}, {}
    for name in names:
        problem: Problem = problems.get(name)()
        signatures[name] = exporter.signature(problem)
        about[name] = {
            "inputs": {name: one.words for name, one in exporter.arguments(problem).items()},
            "outputs": exporter.outputs(problem),
        }
    told = {"step": checkpoint.step, "decoding": config.to_dict(), "signatures": about}
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        with writing(folder):
            tf.saved_model.save(exporter.held, str(temporary), signatures)
            (temporary / ABOUT).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
            mark_own(temporary)
            os.replace(temporary, folder)
        storage.publish(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return told


class Exporter:
    """Makes signatures of a model and its vocabularies, all of it in TensorFlow.

    `held` holds the variables and tables that the signatures use: not the model, which Keras
    would save in its own way.

    Args:
        model: with its weights.
        tokenizers: by name.
        config: how outputs are chosen.
    """

    def __init__(
        self, model: MultiModel, tokenizers: dict[str, SubwordTokenizer], config: DecodeConfig
    ) -> None:
        self._model, self._config, self._tokenizers = model, config, tokenizers
        self._subwords = {name: Subwords(tokenizer) for name, tokenizer in tokenizers.items()}
        self.held = tf.Module()
        self.held.weights = [variable.value for variable in model.variables]
        self.held.subwords = self._subwords

    def arguments(self, problem: Problem) -> dict[str, Argument]:
        """Returns what a caller of the problem's signature gives."""
        return problem.inputs.graph_arguments(self._model.signature(problem.name).inputs)

    def outputs(self, problem: Problem) -> dict[str, str]:
        """Returns what a caller of the problem's signature gets, in words."""
        targets = self._model.signature(problem.name).targets
        if targets.output != "values":
            return {"text": "string [B, N], best first", "score": "float32 [B, N]"}
        return {"values": f"float32 [{', '.join(map(str, ('B', *targets.shape)))}]"}

    def signature(self, problem: Problem) -> Any:
        """A concrete function: raw inputs -> what `outputs` says."""
        own = guides(problem, self._tokenizers)
        decoder = Decoder(self._model, problem.name, self._config, own)
        signature = self._model.signature(problem.name)

        def answer(**arguments: Any) -> dict[str, Any]:
            subwords = self._subwords_of(problem, problem.inputs)
            values, lengths_B, missing_B = problem.inputs.graph_read(
                arguments, subwords, signature.inputs
            )
            outputs, scores = decoder.outputs({"inputs": values, "inputs_length": lengths_B})
            if signature.targets.output == "values":
                return {"values": self._written(problem, outputs[:, 0])}
            missing = scores <= LOST / 10
            if missing_B is not None:
                missing |= missing_B[:, None]
            scores = tf.where(missing, tf.constant(float("-inf")), scores)
            return {"text": tf.where(missing, "", self._texts(problem, outputs)), "score": scores}

        specs = {
            name: tf.TensorSpec([None, *one.shape], one.dtype, name=name)
            for name, one in self.arguments(problem).items()
        }
        return tf.function(answer, autograph=False).get_concrete_function(**specs)

    def _subwords_of(self, problem: Problem, feature: Feature) -> Subwords | None:
        vocabulary = feature.vocabulary(problem.name)
        return self._subwords[vocabulary] if vocabulary else None

    def _texts(self, problem: Problem, ids_BNT: Any) -> Any:
        """Outputs of the model as strings [B, N]."""
        shape = tf.shape(ids_BNT)
        ids_RT = tf.reshape(ids_BNT, [-1, shape[2]])
        of_classes = self._model.signature(problem.name).targets.output == "classes"
        texts_R = self._written(problem, ids_RT[:, 0] if of_classes else ids_RT)
        return tf.reshape(texts_R, shape[:2])

    def _written(self, problem: Problem, outputs_R: Any) -> Any:
        subwords = self._subwords_of(problem, problem.targets)
        signature = self._model.signature(problem.name).targets
        return problem.targets.graph_write(outputs_R, subwords, signature)
