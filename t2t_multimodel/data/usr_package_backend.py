"""Builds the wheel of a package of a user's code: pip runs this on a worker, from the package.

It is written into the source distribution beside the code (`usr_package`), so it needs nothing but
Python: a worker may have neither setuptools nor a network to fetch it from.
"""

from __future__ import annotations

import base64
import email
import hashlib
import zipfile
from pathlib import Path
from typing import Any

_WHEEL = "Wheel-Version: 1.0\nGenerator: t2t-multimodel\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """Builds the wheel of the working folder, as PEP 517 has it; returns its name."""
    metadata = Path("PKG-INFO").read_bytes()
    head = email.message_from_bytes(metadata)
    name, version = head["Name"], head["Version"]
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": b"",
        f"{name}/code.tar": Path("code.tar").read_bytes(),
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": _WHEEL.encode(),
    }
    lines = [f"{path},{_hash(data)},{len(data)}\n" for path, data in files.items()]
    files[f"{info}/RECORD"] = "".join([*lines, f"{info}/RECORD,,\n"]).encode()
    wheel = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory, wheel), "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return wheel


def _hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"sha256={digest.decode().rstrip('=')}"
