"""Finds every value of a run's config and where it comes from: default, set, gin, flag."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2t_multimodel import registry
from t2t_multimodel.config import Config, ProblemRate, Section
from t2t_multimodel.config.base import describe
from t2t_multimodel.config.effect import Sides, without_effect
from t2t_multimodel.config.notation import Chosen, is_written, read, read_distribution, read_entry
from t2t_multimodel.config.tree import Draft, Field, all_fields, by_depth, defaults, flatten
from t2t_multimodel.errors import UserError
from t2t_multimodel.gin_bindings import read_bindings
from t2t_multimodel.side_files import Damaged, read_json, require


@dataclass(frozen=True)
class Resolved:
    """A config with the origin of each value."""

    set_name: str
    config: Config
    origins: dict[str, str]
    """`model.hidden_size` -> "default", "set octet_quick", "gin FILE", "--hparams"."""


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """Holds what a user changes about a set, or about the settings of a run."""

    problems: Sequence[str] = ()
    """("a:2", "b") replace the problems of the set."""
    hparams: str = ""
    """"model.hidden_size=256,train.steps=1000"."""
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The same for callers of Python: path -> value, {"train.steps": 1000}."""
    gin_files: Sequence[str] = ()
    """Files of bindings like `TrainConfig.steps = 1000`."""
    gin_params: Sequence[str] = ()
    """Further such bindings."""
    train_steps: int | None = None
    """Same as `train.steps`."""
    warm_start: str = ""
    """Same as `train.warm_start`."""
    distribution: str = ""
    """Same as `train.distribution`: "mirrored:2" or "data:2,experts:2"."""


def resolve(base: Resolved | str, overrides: Overrides = Overrides()) -> Resolved:
    """A set or a run's config with overrides on top, the later ones winning: gin, --hparams, flags.

    Args:
        base: the name of a set, or a config with origins, such as `recorded`'s.
        overrides: what is changed.

    Raises:
        UserError: an unknown name, or a value of the wrong type or out of range.
    """
    base = of_set(base) if isinstance(base, str) else base
    draft = Draft.of(base.config)
    changed = _take_gin(draft, overrides.gin_files, overrides.gin_params)
    changed |= _take_hparams(draft, overrides.hparams)
    changed |= _take_settings(draft, overrides.settings)
    changed |= _take_flags(draft, overrides)
    config = draft.build()
    assert isinstance(config, Config)
    registry.problems.check(list(config.rates))
    _refuse_without_effect(config, changed)
    return Resolved(base.set_name, config, _origins(config, base, changed))


def _refuse_without_effect(config: Config, changed: dict[str, str]) -> None:
    """Raises `UserError` if something that was given changes nothing in this run."""
    reasons = without_effect(config, problem_sides(config))
    for path, origin in changed.items():
        if path in reasons:
            what = "problems: the rates have" if path == "problems" else f"{path} has"
            raise UserError(
                f"{what} no effect in this run: {reasons[path]}.",
                fix=f"Leave {'the rate' if path == 'problems' else 'it'} out ({origin}).",
            )


def problem_sides(config: Config) -> dict[str, Sides]:
    """Collects what the problems of a run read and write, for those that declare it."""
    from t2t_multimodel.features.base import Feature  # late: a wrong name needs no numpy

    sides = {}
    for name in config.rates:
        problem = registry.problems.get(name)
        inputs, targets = (getattr(problem, side, None) for side in ("inputs", "targets"))
        if isinstance(inputs, Feature) and isinstance(targets, Feature):
            sides[name] = Sides(inputs.unit, targets.unit, targets.output)
    return sides


def _take_flags(draft: Draft, overrides: Overrides) -> dict[str, str]:
    """Changes what flags of their own name; returns the origin of each path."""
    given: dict[str, tuple[Any, str]] = {
        "train.steps": (overrides.train_steps, "--train_steps"),
        "train.warm_start": (overrides.warm_start, "--warm_start"),
        "train.distribution": (
            overrides.distribution and read_distribution(overrides.distribution),
            "--distribution",
        ),
        "problems": (
            tuple(read_entry(one, ProblemRate, "--problems") for one in overrides.problems),
            "--problems",
        ),
    }
    changed = {}
    for path, (value, origin) in given.items():
        if value:
            draft.set(path, value)
            changed[path] = origin
    return changed


def _origins(config: Config, base: Resolved, changed: dict[str, str]) -> dict[str, str]:
    """The origin of each value: of its change, else of the base if the value is of there."""
    before = flatten(base.config)
    kept = {path: origin for path, origin in base.origins.items() if path in before}
    return {
        path: changed.get(path) or (kept[path] if value == before.get(path) else "default")
        for path, value in flatten(config).items()
    }


def of_set(name: str) -> Resolved:
    """The config of a registered set."""
    config: Config = registry.hparams.get(name)()
    return Resolved(name, config, origins_of(config, f"set {name}"))


def origins_of(config: Config, origin: str) -> dict[str, str]:
    """The origin of each value: "default" where it is the default, else the given one."""
    usual = defaults(config)
    return {
        path: "default" if path in usual and usual[path] == value else origin
        for path, value in flatten(config).items()
    }


def recorded(run: Path) -> Resolved | None:
    """The config that a run folder records, with its origins; None if it records none."""
    file = run / "config.json"
    if not file.is_file():
        return None
    record = read_record(file)
    config = Config.from_dict(record["config"])
    origins = {**origins_of(config, "default"), **record["origins"]}
    return Resolved(record["hparams_set"], config, origins)


def read_record(file: Path) -> dict[str, Any]:
    """The `config.json` of a run folder.

    Raises:
        UserError: it is damaged.
    """
    try:
        record = read_json(file, ("hparams_set", "config", "origins"))
        require(record, {"hparams_set": str, "config": dict, "origins": {str: str}})
        Config.from_dict(record["config"])
    except Damaged as error:
        raise Damaged(file, error.how, _COPY_AGAIN) from error
    except UserError as error:  # of another version, or a digit is another
        raise Damaged(file, error.message.rstrip("."), _COPY_AGAIN) from error
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise Damaged(file, f"{error}".rstrip("."), _COPY_AGAIN) from error
    return record


_COPY_AGAIN = "Copy it again from where the run came; every checkpoint holds the config as well."


def _take_hparams(draft: Draft, text: str) -> dict[str, str]:
    """Changes what --hparams names; returns the origin of each path."""
    fix = (
        "Entries are separated by commas, parts of a tuple by +: "
        "--hparams=train.steps=100,model.block_kernels=3+3+15+15"
    )
    values, formless = {}, []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        path, equals, value = (part.strip() for part in entry.partition("="))
        if equals:
            values[path] = value
        else:
            formless.append(entry)
    changed: list[str] = []
    for path in by_depth(values):
        annotation = draft.annotation(path)
        try:
            changed += _set(draft, path, read(values[path], annotation))
        except ValueError:
            raise UserError(
                f"--hparams: {path} must be {describe(annotation)}, but is {values[path]!r}.", fix
            ) from None
    if formless:  # told last: half of a tuple is better explained by what the other half lacks
        raise UserError(f"--hparams: '{formless[0]}' is not of the form name=value.", fix)
    return dict.fromkeys(changed, "--hparams")


def _take_settings(draft: Draft, settings: Mapping[str, Any]) -> dict[str, str]:
    """Changes what a caller of Python names; strings are read as --hparams reads them."""
    changed: list[str] = []
    for path in by_depth(settings):
        value = settings[path]
        if isinstance(value, str):
            annotation = draft.annotation(path)
            try:
                value = read(value, annotation)
            except ValueError:
                wanted = describe(annotation)
                raise UserError(f"hparams: {path} must be {wanted}, but is {value!r}.") from None
        changed += _set(draft, path, value)
    return dict.fromkeys(changed, "hparams")


def _set(draft: Draft, path: str, value: Any, owner: type[Section] | None = None) -> list[str]:
    """Sets what the short notation gave; returns the paths that it changes."""
    if not isinstance(value, Chosen):
        draft.set(path, value, owner)
        return [path]
    draft.set(path, value.kind, owner)
    for name, field in value.fields.items():
        draft.set(f"{path}.{name}", field)
    return [path, *(f"{path}.{name}" for name in value.fields)]


def _take_gin(draft: Draft, files: Sequence[str], params: Sequence[str]) -> dict[str, str]:
    """Changes what gin binds, `ModelConfig.hidden_size = 256`; returns the origin of each path."""
    if not files and not params:
        return {}
    fields = list(all_fields(Config))
    names: dict[str, list[str]] = {}
    for field in fields:
        names.setdefault(field.section.__name__, []).append(field.name)
    bound = read_bindings(files, params, names)
    wanted = [field for field in fields if (field.section.__name__, field.name) in bound]
    changed: list[str] = []
    for field in sorted(wanted, key=lambda field: field.path.count(".")):
        value = bound[field.section.__name__, field.name]
        if isinstance(value, str) and is_written(field.annotation):
            value = _read_gin(field, value)
        changed += _set(draft, field.path, value, field.section)
    return dict.fromkeys(changed, "gin " + ", ".join([*files, *params]))


def _read_gin(field: Field, text: str) -> Any:
    """Reads a value that has no literal of gin's: it stands in the short notation, a string."""
    try:
        return read(text, field.annotation)
    except ValueError:
        name, wanted = f"{field.section.__name__}.{field.name}", describe(field.annotation)
        raise UserError(f"gin: {name} must be {wanted}, but is {text!r}.") from None
