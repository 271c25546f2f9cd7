"""The shared run."""

from __future__ import annotations

import pytest
from made_run import Run, made_run


@pytest.fixture
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made_run(tmp_path_factory)
