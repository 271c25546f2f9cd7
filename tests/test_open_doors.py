"""The package asks a feature, and never looks at which of its own classes the feature is of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

CONCRETE = {"Text", "Image", "Audio", "ClassLabel"}
MODALITIES = {"text", "image", "audio_log_mel", "audio_waveform", "class_label"}
HOMES = re.compile(r"t2t_multimodel(\.features(\.\w+)?)?$")
INSIDE = ROOT / "t2t_multimodel/features"
MADE_OF_THEM = ROOT / "t2t_multimodel/sources"
"""Its classes are problems, and a problem names its features."""
_FILES = [
    path
    for folder in ("t2t_multimodel", "bin")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not path.is_relative_to(INSIDE)
    and not path.is_relative_to(MADE_OF_THEM)
    and path != ROOT / "t2t_multimodel/__init__.py"
]


def names_of_features(tree: ast.AST) -> Iterator[str]:
    """The concrete features that a module imports, and the modalities whose names it compares."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and HOMES.match(node.module or ""):
            yield from (alias.name for alias in node.names if alias.name in CONCRETE)
        if isinstance(node, ast.Attribute) and node.attr in CONCRETE:
            if ast.unparse(node.value) in ("features", "t2t_multimodel"):
                yield ast.unparse(node)
        if isinstance(node, ast.Compare):
            left = ast.unparse(node.left)
            known = (c for c in ast.walk(node) if isinstance(c, ast.Constant))
            if left.endswith("modality"):
                yield from (ast.unparse(node) for c in known if c.value in MODALITIES)


@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_outside_of_the_features_knows_one_of_them(path: Path) -> None:
    assert list(names_of_features(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize(
    "line",
    [
        "from t2t_multimodel.features import Feature, Text",
        "isinstance(feature, features.Audio)",
        "labels = signature.targets.modality == 'class_label'",
        "problem.targets.modality in ('text', 'image')",
    ],
)
def test_such_a_line_would_be_found(line: str) -> None:
    assert list(names_of_features(ast.parse(line)))


def test_every_feature_is_asked_without_tensorflow() -> None:
    importing = [
        path.name
        for path in sorted(INSIDE.glob("*.py"))
        if not path.name.endswith("_in_graph.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom) and "tensorflow" in ast.unparse(node)
    ]
    assert importing == []
