"""The mapping of problems, and examples as people see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Outcome

import t2t_multimodel as mm
from t2t_multimodel import BadValue, ClassLabel, Image, Problem, Text, UserError, register_problem


def test_names_and_summaries_need_no_heavy_import(run_python: Callable[..., Outcome]) -> None:
    done = run_python(
        "import t2t_multimodel as mm\n"
        "print('octet_image' in mm.problems, mm.problems['octet_ende'].summary[:17])\n"
        "print(mm.problems['octet_image'].head(2))"
    )
    assert done.out.splitlines() == [
        "True English to German",
        "1: picture 28x28 -> ankle boot",
        "2: picture 28x28 -> t-shirt",
    ], done.err
    assert {"tensorflow", "keras"} & done.modules == set()


def test_the_package_of_problems_is_the_mapping_of_their_names() -> None:
    import t2t_multimodel.problems.octet.image as module

    assert isinstance(mm.problems, Mapping)
    assert mm.problems.octet.image is module
    assert list(mm.problems) == sorted(mm.problems)
    assert len(mm.problems) == len(list(mm.problems))
    assert "octet_imag" not in mm.problems
    with pytest.raises(UserError, match="Did you mean 'octet_image'?"):
        mm.problems["octet_imag"]
    assert "<td>octet_image</td>" in mm.problems._repr_html_()


def test_examples_show_pictures_and_say_what_would_be_left_out(tmp_path: Path) -> None:
    @register_problem("my_squares")
    class MySquares(Problem):
        """Squares."""

        inputs = Image(2, 2)
        targets = ClassLabel(names=("dark", "<light>"))

        def examples(self, split: str, raw_dir: Path | None) -> Iterator[dict[str, Any]]:
            yield {"inputs": np.full((2, 2, 3), 255, np.uint8), "targets": 1}
            yield {"inputs": BadValue("it is torn"), "targets": 0}
            yield {"inputs": np.zeros((3, 2, 3), np.uint8), "targets": "dark"}

    first, torn, large = mm.problems["my_squares"].head(3)
    assert repr(first) == "1: picture 2x2 -> <light>"
    assert repr(torn) == "2: (left out: it is torn) -> dark"
    assert "left out: image must be uint8 [2, 2, 3]" in repr(large)
    assert first.targets == 1
    shown = mm.problems["my_squares"].head(1)._repr_html_()
    assert 'src="data:image/png;base64,' in shown and "&lt;light&gt;" in shown
    with pytest.raises(UserError, match="No split of my_squares is named 'dev'."):
        mm.problems["my_squares"].head(split="dev")


def test_sounds_have_a_player() -> None:
    assert (
        '<audio controls src="data:audio/wav' in mm.problems["octet_speech"].head(1)._repr_html_()
    )


def test_a_class_typed_in_a_cell_is_known_by_its_compiled_code() -> None:
    from t2t_multimodel.data.used_code import code_of

    def typed(body: str) -> dict[str, str]:
        space = {"Problem": Problem, "Text": Text, "__name__": "__main__"}
        source = f"class Typed(Problem):\n    inputs = targets = Text()\n    {body}\n"
        exec(compile(source, "<ipython-input-1>", "exec"), space)
        return code_of(space["Typed"]())

    plain = "def examples(self, split, raw_dir): yield {'inputs': 'a', 'targets': 'b'}"
    assert typed(plain) == typed(plain)
    assert typed(plain) != typed(plain.replace("'b'", "'c'"))
    assert typed(plain) != typed(f"limit = 3\n    {plain}")
