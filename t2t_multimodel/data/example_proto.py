"""The `tf.train.Example` message, for readers and writers that do without TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_REPEATED = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED
_OPTIONAL = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
_LISTS = {
    "BytesList": descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
    "FloatList": descriptor_pb2.FieldDescriptorProto.TYPE_FLOAT,
    "Int64List": descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
}
_MESSAGE = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE


def _example_class() -> type[Any]:
    """The message class in a descriptor pool of its own, so that TensorFlow's can live beside."""
    file = descriptor_pb2.FileDescriptorProto(
        name="t2t_multimodel/example.proto", package="tensorflow", syntax="proto3"
    )
    for name, kind in _LISTS.items():
        field = file.message_type.add(name=name).field.add(
            name="value", number=1, label=_REPEATED, type=kind
        )
        if name != "BytesList":
            field.options.packed = True
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    fields = (("bytes_list", "BytesList"), ("float_list", "FloatList"), ("int64_list", "Int64List"))
    for number, (name, kind) in enumerate(fields, start=1):
        feature.field.add(
            name=name,
            number=number,
            label=_OPTIONAL,
            type=_MESSAGE,
            type_name=f".tensorflow.{kind}",
            oneof_index=0,
        )
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(
        name="key", number=1, label=_OPTIONAL, type=descriptor_pb2.FieldDescriptorProto.TYPE_STRING
    )
    entry.field.add(
        name="value", number=2, label=_OPTIONAL, type=_MESSAGE, type_name=".tensorflow.Feature"
    )
    features.field.add(
        name="feature",
        number=1,
        label=_REPEATED,
        type=_MESSAGE,
        type_name=".tensorflow.Features.FeatureEntry",
    )
    file.message_type.add(name="Example").field.add(
        name="features", number=1, label=_OPTIONAL, type=_MESSAGE, type_name=".tensorflow.Features"
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.Example"))


Example = _example_class()


def to_bytes(arrays: dict[str, np.ndarray]) -> bytes:
    """Serialises one example: int32 arrays as int64 lists, all others as raw bytes."""
    example = Example()
    for name in sorted(arrays):
        array = arrays[name]
        feature = example.features.feature[name]
        if array.dtype == np.int32:
            feature.int64_list.value.extend(array.reshape(-1).tolist())
        else:
            feature.bytes_list.value.append(np.ascontiguousarray(array).tobytes())
    return example.SerializeToString(deterministic=True)


def from_bytes(record: bytes, dtypes: dict[str, np.dtype]) -> dict[str, np.ndarray]:
    """Inverse of `to_bytes`: flat arrays of the given types."""
    feature = Example.FromString(record).features.feature
    return {
        name: np.fromiter(feature[name].int64_list.value, dtype)
        if dtype == np.int32
        else np.frombuffer(feature[name].bytes_list.value[0], dtype)
        for name, dtype in dtypes.items()
    }
