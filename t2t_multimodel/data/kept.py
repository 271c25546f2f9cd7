"""Records that are used as they are: their sources are not here, or a change was accepted.

`mm-datagen` may run on one machine and training on another that has no raw files. There complete
records are enough. Where the sources are here and differ, a person may accept the records all the
same; that is noted in their manifests.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2t_multimodel import registry, storage
from t2t_multimodel.data import vocab
from t2t_multimodel.data.facts import facts_of, files_of
from t2t_multimodel.data.files import written_by_rename
from t2t_multimodel.data.fingerprint import fingerprint
from t2t_multimodel.data.raw_dirs import RawDir, as_raw_dirs
from t2t_multimodel.data.reading import Unreadable
from t2t_multimodel.data.stale import differences
from t2t_multimodel.data.tokenizer import SubwordTokenizer
from t2t_multimodel.errors import UserError, unknown
from t2t_multimodel.problem import Problem
from t2t_multimodel.side_files import Damaged, read_json

Facts = dict[str, Any]


def fetch_problem(data_dir: Path, problem: str) -> None:
    """Brings what tells of a problem's records here, if the data folder stands for an URL."""
    storage.fetch(data_dir / "vocab")
    storage.fetch(data_dir / problem)


@dataclass(frozen=True)
class Kept:
    """Complete records with the vocabularies that they were made with."""

    folder: Path
    facts: Facts
    tokenizers: dict[str, SubwordTokenizer]


@dataclass(frozen=True)
class Shelf:
    """The records that a problem has, and the vocabularies that may go with them."""

    problem: Problem
    data_dir: Path
    known: Mapping[str, SubwordTokenizer]
    """Vocabularies that must be those of the records, such as a checkpoint's."""
    vocab_size: int | None = None
    """Ids that are asked for; None: as each vocabulary declares."""
    preferred: str = ""
    """Fingerprint of the records that are looked at first."""

    def unseen(self, now: Facts) -> Kept | None:
        """Complete records that were made as `now` says, from files that are not here.

        Raises:
            UserError: there are complete records, but of other code or settings.
        """
        others: list[tuple[int, Path, list[str]]] = []
        for folder, facts in self._complete():
            changes = changed(facts, now, seen=False)
            tokenizers = self._tokenizers(facts)
            if not facts.get("files") or tokenizers is None:
                continue
            if not changes or _is_accepted(folder, "unseen", now):
                return Kept(folder, facts, tokenizers)
            others.append((len(changes), folder, changes))
        if others:
            _, folder, changes = min(others, key=lambda other: other[0])
            raise UserError(
                f"The raw files of {self.problem.name!r} are not given, and its records "
                f"{folder.name} were made otherwise: {'; '.join(changes)}.",
                fix="Give --raw_dir to make them anew, or keep them: "
                f"mm-datagen --problem={self.problem.name} --accept={folder.name}",
            )
        return None

    def accepted(self, now: Facts) -> Kept | None:
        """Complete records that a person accepted for sources that are as they are now."""
        for folder, facts in self._complete():
            if _is_accepted(folder, "seen", now):
                tokenizers = self._tokenizers(facts)
                if tokenizers is not None:
                    return Kept(folder, facts, tokenizers)
        return None

    def accept(self, name: str, now: Facts, seen: bool, report: Callable[[str], None]) -> None:
        """Notes in the manifests of the records `name` that they do for `now` as well.

        Args:
            name: fingerprint of the records.
            now: facts of today.
            seen: whether the raw files are here.
            report: receives a line.

        Raises:
            UserError: there are no such records, or they are not complete.
        """
        known = {folder.name: (folder, facts) for folder, facts in self._complete()}
        if name not in known:
            what = f"complete set of records of {self.problem.name}"
            raise unknown(what, name, list(known))
        folder, facts = known[name]
        changes = changed(facts, now, seen)
        note = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "changes": changes,
            **_prints(now, seen),
        }
        for split in self.problem.splits:
            manifest = read_json(folder / f"{split}.json")
            manifest["accepted"] = [*manifest.get("accepted", []), note]
            with written_by_rename(folder / f"{split}.json") as file:
                file.write(json.dumps(manifest, indent=1).encode())
        told = "; ".join(changes) or "nothing differs"
        report(f"{self.problem.name}: the records {name} are kept: {told}.")

    def _complete(self) -> Iterator[tuple[Path, Facts]]:
        """The preferred records, then the newest first."""
        folders = [path.parent for path in (self.data_dir / self.problem.name).glob("*/train.json")]
        folders.sort(key=lambda one: (one / "train.json").stat().st_mtime_ns, reverse=True)
        folders.sort(key=lambda one: one.name != self.preferred)
        for folder in folders:
            facts = _facts_if_whole(folder, self.problem.splits)
            if facts is not None:
                yield folder, facts

    def _tokenizers(self, facts: Facts) -> dict[str, SubwordTokenizer] | None:
        """The vocabularies of records by name; None if one is lost or another is wanted."""
        found = {}
        for name, identity in facts.get("vocabularies", {}).items():
            tokenizer = self.known.get(name) or self._stored(name, identity)
            if tokenizer is None or tokenizer.identity != identity:
                return None
            found[name] = tokenizer
        return found

    def _stored(self, name: str, identity: str) -> SubwordTokenizer | None:
        size = self.vocab_size or vocab.declared(name, self.problem).size
        for file in sorted((self.data_dir / "vocab").glob(f"{name}-{size}-*.model")):
            if not vocab.fault(file):
                tokenizer = SubwordTokenizer(name, file.read_bytes())
                if tokenizer.identity == identity:
                    return tokenizer
        return None


def changed(then: Facts, now: Facts, seen: bool) -> list[str]:
    """What differs but for the vocabularies, and, of sources that are not seen, but for files."""
    same = {"vocabularies": then.get("vocabularies", {})}
    if not seen:
        same["files"] = then.get("files", {})
    return differences(then, {**now, **same})


def _prints(now: Facts, seen: bool) -> dict[str, str]:
    """Fingerprints of what was accepted; where raw files are not seen none of them is known."""
    rest = {key: value for key, value in now.items() if key not in ("vocabularies", "files")}
    prints = {"unseen": fingerprint(rest)}
    if seen:
        prints["seen"] = fingerprint({**rest, "files": now["files"]})
    return prints


def _is_accepted(folder: Path, kind: str, now: Facts) -> bool:
    wanted = _prints(now, seen=kind == "seen")[kind]
    notes = read_json(folder / "train.json").get("accepted", [])
    return any(isinstance(note, dict) and note.get(kind) == wanted for note in notes)


def _facts_if_whole(folder: Path, splits: tuple[str, ...]) -> Facts | None:
    """The facts of records whose files are all there, as far as sizes show."""
    facts: Any = None
    try:
        for split in splits:
            manifest = read_json(folder / f"{split}.json", ("shards", "made_from"))
            facts = facts or manifest["made_from"]
            for shard in manifest["shards"]:
                file = folder / shard["file"]
                index = file.with_name(f"{file.name}.index.npz")
                if file.stat().st_size != shard["bytes"] or not index.is_file():
                    return None
    except (Damaged, OSError, LookupError, TypeError):
        return None
    return facts if isinstance(facts, dict) else None


def find_kept(
    shelf: Shelf, raw_dir: Path | None, report: Callable[[str], None]
) -> Kept | dict[str, str]:
    """Records that are used as they are, since their sources are not here or were accepted.

    Returns:
        The records; where there are none, the facts of the files that they are to be made from.

    Raises:
        UserError: sources are missing, and no records do without them.
    """
    problem = shelf.problem
    try:
        files = files_of(problem, raw_dir)
    except Unreadable:
        raise
    except UserError as error:
        kept = shelf.unseen(facts_of(problem, {}, {}))
        if kept is None:
            raise
        where = storage.shown(kept.folder)
        report(f"{problem.name}: the records {where} are used as they are: {error.message}")
        return kept
    if raw_dir is None and not files:  # a problem that needs none, or whose files were not given
        return shelf.unseen(facts_of(problem, {}, {})) or files
    return shelf.accepted(facts_of(problem, {}, files)) or files


def accept(
    name: str,
    records: str,
    data_dir: Path,
    raw_dir: RawDir = None,
    report: Callable[[str], None] = print,
) -> None:
    """Notes in the records of a problem that they are kept although their sources have changed.

    Args:
        name: of the problem.
        records: their fingerprint, the name of their folder.
        data_dir: where they are.
        raw_dir: where the user keeps raw files.
        report: receives a line.

    Raises:
        UserError: there are no such records, or they are not complete.
    """
    problem: Problem = registry.problems.get(name)()
    problem.check_declared()
    own_raw = as_raw_dirs(raw_dir).of(name)
    fetch_problem(data_dir, name)
    try:
        files = files_of(problem, own_raw)
    except UserError:  # they are not here
        files = {}
    seen = bool(files) or own_raw is not None
    Shelf(problem, data_dir, {}).accept(records, facts_of(problem, {}, files), seen, report)
