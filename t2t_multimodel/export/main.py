"""Writes a SavedModel: a signature for each problem, from raw inputs to texts with scores.

Legend: B inputs, N outputs of each, T longest output, S samples of the longest sound.
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

from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.checkpoints.recorded_features import check_features
from t2t_multimodel.config.decode import DecodeConfig
from t2t_multimodel.data.vocab import SubwordTokenizer
from t2t_multimodel.decode.beam import LOST
from t2t_multimodel.decode.decoder import Decoder
from t2t_multimodel.decode.grammar import guides
from t2t_multimodel.errors import UserError
from t2t_multimodel.export.pictures import pixels
from t2t_multimodel.export.sounds import heard
from t2t_multimodel.export.subwords import Subwords
from t2t_multimodel.features import EOS_ID, Audio, ClassLabel, Image, Text
from t2t_multimodel.multimodel import MultiModel
from t2t_multimodel.problem import Problem
from t2t_multimodel.registry import problems

ABOUT = "signatures.json"
"""The file in the folder that says what each signature takes."""


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
        UserError: the folder holds something, Keras does not run on TensorFlow, or an input is of
            a kind that has no operations of TensorFlow.
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
            "inputs": _told(problem.inputs),
            "outputs": {"text": "string [B, N], best first", "score": "float32 [B, N]"},
        }
    told = {"step": checkpoint.step, "decoding": config.to_dict(), "signatures": about}
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        tf.saved_model.save(exporter.held, str(temporary), signatures)
        (temporary / ABOUT).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        os.replace(temporary, folder)
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

    def signature(self, problem: Problem) -> Any:
        """A concrete function: raw inputs -> text [B, N], best first, and score [B, N]."""
        own = guides(problem, self._tokenizers)
        decoder = Decoder(self._model, problem.name, self._config, own)

        def answer(inputs: Any, inputs_length: Any = None) -> dict[str, Any]:
            source = self._source(problem, inputs, inputs_length)
            ids, scores = decoder.outputs(source)
            texts = self._texts(problem, ids)
            missing = scores <= LOST / 10
            if isinstance(problem.inputs, Text):  # nothing is said of an empty line
                missing |= (tf.strings.strip(inputs) == "")[:, None]
            scores = tf.where(missing, tf.constant(float("-inf")), scores)
            return {"text": tf.where(missing, "", texts), "score": scores}

        specs = {"inputs": tf.TensorSpec([None], tf.string, name="inputs")}
        if isinstance(problem.inputs, Audio):
            specs = {
                "inputs": tf.TensorSpec([None, None], tf.float32, name="inputs"),
                "inputs_length": tf.TensorSpec([None], tf.int32, name="inputs_length"),
            }
        return tf.function(answer, autograph=False).get_concrete_function(**specs)

    def _source(self, problem: Problem, inputs: Any, lengths_B: Any) -> dict[str, Any]:
        """What the model takes, of what a person has."""
        feature = problem.inputs
        if isinstance(feature, Audio):
            inputs, lengths_B = heard(inputs, lengths_B, feature)
        elif isinstance(feature, Image):
            inputs = pixels(inputs, feature)
            lengths_B = tf.fill([tf.shape(inputs)[0]], feature.height * feature.width)
        elif isinstance(feature, Text):
            ids = self._subwords[feature.vocabulary(problem.name)].encode(inputs, feature.symbols)
            longest = self._model.signature(problem.name).inputs.max_length
            ends_B1 = tf.fill([ids.nrows(tf.int32), 1], EOS_ID)
            ids = tf.concat([ids[:, : longest - 1], ends_B1], axis=1)
            inputs, lengths_B = ids.to_tensor(), tf.cast(ids.row_lengths(), tf.int32)
        else:
            raise UserError(f"Inputs of problem {problem.name!r} can not be exported: {feature!r}.")
        return {"inputs": inputs, "inputs_length": lengths_B}

    def _texts(self, problem: Problem, ids_BNT: Any) -> Any:
        """Outputs of the model as strings [B, N]."""
        feature = problem.targets
        if isinstance(feature, ClassLabel):
            names = tf.constant(feature.names or [str(i) for i in range(feature.size)])
            return tf.gather(names, ids_BNT[:, :, 0])
        assert isinstance(feature, Text)
        shape = tf.shape(ids_BNT)
        ids_RT = tf.reshape(ids_BNT, [-1, shape[2]])
        texts_R = self._subwords[feature.vocabulary(problem.name)].decode(ids_RT)
        return tf.reshape(texts_R, shape[:2])


def _told(feature: Any) -> dict[str, str]:
    """What a signature takes, in words."""
    if isinstance(feature, Audio):
        return {
            "inputs": f"float32 [B, S], mono samples from -1 to 1 at {feature.rate} Hz",
            "inputs_length": "int32 [B], samples of each row",
        }
    if isinstance(feature, Image):
        return {"inputs": "string [B], the bytes of PNG, JPEG or GIF files"}
    return {"inputs": "string [B], UTF-8"}
