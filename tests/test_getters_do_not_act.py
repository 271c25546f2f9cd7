"""What reads like a value changes nothing: properties, and the getters of a checkpoint."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

from t2t_multimodel import usr_dir
from t2t_multimodel.checkpoints.checkpoint import Checkpoint
from t2t_multimodel.config import Config, rates

_ACTS = ("print", "setattr", "open")
_ACTING_METHODS = ("add", "append", "assign", "mkdir", "touch", "unlink", "update", "write_text")


def properties(path: Path) -> Iterator[ast.FunctionDef]:
    """The properties of a file, cached ones included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            if any("property" in ast.unparse(one) for one in node.decorator_list):
                yield node


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a function runs; not what a function inside of it would do later."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield child
            yield from own_nodes(child)


def of_self(target: ast.AST) -> bool:
    """Whether a target of an assignment lies in the object: `self.a`, `self.a[b]`, `self.a.b`."""
    while isinstance(target, ast.Attribute | ast.Subscript):
        target = target.value
        if isinstance(target, ast.Name) and target.id == "self":
            return True
    return False


def acts(node: ast.AST) -> bool:
    """Whether a statement or expression changes something that outlives the property."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(map(of_self, targets))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        outside = of_self(node.func) or isinstance(node.func.value, ast.Call)
        return node.func.attr in _ACTING_METHODS and outside
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in _ACTS
    return isinstance(node, ast.Global | ast.Nonlocal | ast.Delete)


@pytest.mark.parametrize(
    "line, expected",
    [
        ("self.x = 1", True),
        ("self.x[0] += 1", True),
        ("self.seen.append(1)", True),
        ("print(self.x)", True),
        ("rows = []\n    rows.append(self.x)", False),
        ("return self.x.y[0]", False),
        ("def later():\n        self.x = 1\n    return later", False),
    ],
)
def test_what_counts_as_acting(line: str, expected: bool) -> None:
    tree = ast.parse(f"@property\ndef value(self):\n    {line}\n")
    assert any(acts(one) for one in own_nodes(tree.body[0])) == expected


def test_no_property_acts() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {name.name}"
        for path in sorted((ROOT / "t2t_multimodel").rglob("*.py"))
        for name in properties(path)
        for node in own_nodes(name)
        if acts(node)
    ]
    assert found == []


def test_reading_a_checkpoint_makes_no_code_known_and_writes_nothing(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "code.py").write_text("raise SystemExit('this code was run')\n")
    folder = tmp_path / "step-00000007"
    folder.mkdir()
    config = Config(problems=rates("octet_ende", "octet_deen"))
    state = {"step": 7, "usr_dirs": [str(mine)], "config": config.to_dict()}
    (folder / "state.json").write_text(json.dumps(state))
    before = usr_dir.added(), sorted(tmp_path.rglob("*"))
    checkpoint = Checkpoint(folder)
    assert checkpoint.step == 7
    assert checkpoint.config() == config
    assert checkpoint.problems([]) == ["octet_ende", "octet_deen"]
    assert checkpoint.tokenizers() == {}
    assert (usr_dir.added(), sorted(tmp_path.rglob("*"))) == before
