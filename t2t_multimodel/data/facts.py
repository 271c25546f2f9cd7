"""Facts: what a problem's records depend on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from t2t_multimodel.data.fingerprint import files_facts
from t2t_multimodel.data.reading import called
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.data.used_code import code_of
from t2t_multimodel.problem import Problem

_FORMAT = "2"


def files_of(problem: Problem, raw_dir: Path | None) -> dict[str, str]:
    """The raw files of a problem, see `files_facts`. Raises UserError where they are missing."""
    what = f"Problem {problem.name!r}, its raw files"
    return called(lambda: files_facts(problem.source_files(raw_dir)), what)


def facts_of(
    problem: Problem, tokenizers: Mapping[str, SubwordTokenizer], files: dict[str, str]
) -> dict[str, Any]:
    """Everything that the records depend on.

    Args:
        problem: as it is declared now.
        tokenizers: its vocabularies by name.
        files: from `files_of`.
    """
    rules = {name: feature.reading_rules for name, feature in problem.features.items()}
    # The first version adds nothing, so that records from before versions were told stay good.
    later = {name: version for name, version in rules.items() if version > 1}
    return {
        **({"reading_rules": later} if later else {}),
        "format": _FORMAT,
        "problem": problem.name,
        "version": problem.version,
        "features": {name: repr(feature) for name, feature in problem.features.items()},
        "splits": problem.splits,
        "train_shards": problem.train_shards,
        "vocabularies": {name: tokenizer.identity for name, tokenizer in tokenizers.items()},
        "code": code_of(problem),
        "files": files,
    }
