"""The shared run."""

from __future__ import annotations

import pytest
from helpers.finished_run import Run, finished_run


@pytest.fixture
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return finished_run(tmp_path_factory)
