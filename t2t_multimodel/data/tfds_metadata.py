"""Metadata by which TensorFlow Datasets opens the records.

tfds.builder_from_directory("data/octet_ende/<fingerprint>").as_dataset("train[:10%]")
"""

from __future__ import annotations

from typing import Any

import numpy as np

from t2t_multimodel.data.datagen import Prepared
from t2t_multimodel.data.dataset import read_manifest
from t2t_multimodel.features import Feature

_TEMPLATE = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"


def write(prepared: Prepared) -> None:
    """Writes `dataset_info.json` and `features.json` beside the records."""
    import tensorflow_datasets as tfds

    name, folder = prepared.problem.name, prepared.folder
    splits = []
    for split in prepared.problem.splits:
        shards = read_manifest(folder, split)["shards"]
        place = tfds.core.ShardedFileTemplate(
            data_dir=folder,
            dataset_name=name,
            split=split,
            filetype_suffix="tfrecord",
            template=_TEMPLATE,
        )
        splits.append(
            tfds.core.SplitInfo(
                name=split,
                shard_lengths=[shard["examples"] for shard in shards],
                num_bytes=sum(shard["bytes"] for shard in shards),
                filename_template=place,
            )
        )
    features = {key: _feature(tfds, one) for key, one in prepared.problem.features.items()}
    tfds.folder_dataset.write_metadata(
        data_dir=folder,
        features=tfds.features.FeaturesDict(features),
        split_infos=splits,
        filename_template=_TEMPLATE,
        description=type(prepared.problem).__doc__ or name,
    )


def _feature(tfds: Any, feature: Feature) -> Any:
    """Tells TFDS how to decode what `example_proto.to_bytes` wrote."""
    shape = tuple(None if size == -1 else size for size in feature.stored_shape())
    if feature.dtype == np.int32:  # tf.train.Example has int64 lists only
        return tfds.features.Tensor(shape=shape, dtype=np.int64)
    encoding = tfds.features.Encoding.BYTES
    return tfds.features.Tensor(shape=shape, dtype=feature.dtype, encoding=encoding)
