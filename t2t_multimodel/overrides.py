"""Where every value of a run's config comes from: default, set, gin, flag."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2t_multimodel import registry
from t2t_multimodel.config import (
    Config,
    DataConfig,
    EvalConfig,
    MixtureConfig,
    ModelConfig,
    OptimizerConfig,
    Section,
    TrainConfig,
    parse_rate,
)
from t2t_multimodel.config.base import describe, field_types, parse
from t2t_multimodel.errors import UserError, did_you_mean
from t2t_multimodel.gin_bindings import read_bindings

SECTIONS: dict[str, type[Section]] = {
    "model": ModelConfig,
    "data": DataConfig,
    "mixture": MixtureConfig,
    "optimizer": OptimizerConfig,
    "train": TrainConfig,
    "evaluate": EvalConfig,
}


@dataclass(frozen=True)
class Resolved:
    """A config with the origin of each value."""

    set_name: str
    config: Config
    origins: dict[str, str]
    """`model.hidden_size` -> "default", "set octet_quick", "gin FILE", "--hparams"."""


def resolve(
    set_name: str,
    problems: Sequence[str] = (),
    hparams: str = "",
    gin_files: Sequence[str] = (),
    gin_params: Sequence[str] = (),
    train_steps: int | None = None,
    warm_start: str = "",
    base: Resolved | None = None,
    distribution: Sequence[str] = (),
) -> Resolved:
    """A set or a run's config with overrides on top, the later ones winning: gin, --hparams, flags.

    Args:
        set_name: registered hparams set.
        problems: ("a:2", "b") replace the set's list.
        hparams: "model.hidden_size=256,train.steps=1000".
        gin_files: files of bindings like `TrainConfig.steps = 1000`.
        gin_params: further such bindings.
        train_steps: same as `train.steps`.
        warm_start: same as `train.warm_start`.
        base: config with origins that stands for the set's, such as `recorded`'s.
        distribution: same as `train.distribution`.

    Raises:
        UserError: an unknown name, or a value of the wrong type or out of range.
    """
    base = base or _of_set(set_name)
    layers = [
        _gin_values(gin_files, gin_params),
        {path: (value, "--hparams") for path, value in _parse_hparams(hparams).items()},
    ]
    if train_steps is not None:
        layers.append({"train.steps": (train_steps, "--train_steps")})
    if warm_start:
        layers.append({"train.warm_start": (warm_start, "--warm_start")})
    if distribution:
        layers.append({"train.distribution": (tuple(distribution), "--distribution")})
    values = {path: value for path, value in flatten(base.config).items() if path != "problems"}
    origins = dict(base.origins)
    for layer in layers:
        for path, (value, origin) in layer.items():
            values[path], origins[path] = value, origin
    names = tuple(problems) or base.config.problems
    if problems:
        origins["problems"] = "--problems"
    registry.problems.check([parse_rate(name)[0] for name in names])
    return Resolved(base.set_name, _build(values, names), origins)


def _of_set(name: str) -> Resolved:
    config: Config = registry.hparams.get(name)()
    return Resolved(name, config, origins_of(config, f"set {name}"))


def origins_of(config: Config, origin: str) -> dict[str, str]:
    """The origin of each value: "default" where it is the default, else the given one."""
    defaults = [*_defaults(), None]  # there are no default problems
    return {
        path: "default" if value == default else origin
        for (path, value), default in zip(flatten(config).items(), defaults, strict=True)
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
        record = json.loads(file.read_bytes())
        missing = {"hparams_set", "config", "origins"} - record.keys()
    except (ValueError, AttributeError) as error:
        raise _damaged(file, str(error)) from error
    if missing:
        raise _damaged(file, f"it lacks {', '.join(sorted(missing))}")
    return record


def _damaged(file: Path, how: str) -> UserError:
    return UserError(
        f"{file} is damaged: {how}.",
        fix="Copy it again from where the run came; every checkpoint holds the config as well.",
    )


def flatten(config: Config) -> dict[str, Any]:
    """{"model.hidden_size": 128, ..., "problems": (...)} in order of declaration."""
    flat = {
        f"{section}.{field}": getattr(getattr(config, section), field)
        for section, kind in SECTIONS.items()
        for field in field_types(kind)
    }
    return {**flat, "problems": config.problems}


def _defaults() -> list[Any]:
    return [getattr(kind(), field) for kind in SECTIONS.values() for field in field_types(kind)]


def _build(values: dict[str, Any], problems: tuple[str, ...]) -> Config:
    sections: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for path, value in values.items():
        section, _, field = path.partition(".")
        sections[section][field] = value
    built = {name: SECTIONS[name](**fields) for name, fields in sections.items()}
    return Config(problems=problems, **built)  # type: ignore[arg-type]


def _annotation(path: str) -> Any:
    """The type of `model.hidden_size`; an unknown path is an error that suggests one."""
    section, _, field = path.partition(".")
    if section in SECTIONS and field in field_types(SECTIONS[section]):
        return field_types(SECTIONS[section])[field]
    known = [f"{name}.{field}" for name, kind in SECTIONS.items() for field in field_types(kind)]
    same_field = [name for name in known if name.endswith(f".{path}")]
    hint = f" Did you mean '{same_field[0]}'?" if same_field else did_you_mean(path, known)
    raise UserError(
        f"No hparam is named '{path}'.{hint}",
        f"The {len(known)} hparams and what they mean: mm-trainer --list_hparams=fields",
    )


def _parse_hparams(text: str) -> dict[str, Any]:
    fix = (
        "Entries are separated by commas, parts of a tuple by +: "
        "--hparams=train.steps=100,model.block_kernels=3+3+15+15"
    )
    values = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        path, equals, value = (part.strip() for part in entry.partition("="))
        if not equals:
            raise UserError(f"--hparams: '{entry}' is not of the form name=value.", fix)
        annotation = _annotation(path)
        try:
            values[path] = parse(value, annotation)
        except ValueError:
            raise UserError(
                f"--hparams: {path} must be {describe(annotation)}, but is {value!r}.", fix
            ) from None
    return values


def _gin_values(files: Sequence[str], params: Sequence[str]) -> dict[str, tuple[Any, str]]:
    """Bindings of the config classes, `ModelConfig.hidden_size = 256`."""
    if not files and not params:
        return {}
    names = {kind.__name__: section for section, kind in SECTIONS.items()}
    fields = {kind.__name__: list(field_types(kind)) for kind in SECTIONS.values()}
    origin = "gin " + ", ".join([*files, *params])
    return {
        f"{names[kind]}.{field}": (value, origin)
        for (kind, field), value in read_bindings(files, params, fields).items()
    }
