"""Plays the part of `boot` in Beam's containers: a worker with folders and packages of its own.

It fetches what was staged for the pipeline, installs the extra packages and becomes the worker. The
folder in `HIDDEN` can not be opened there, and the module in `LACKING` is not installed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def refuse_hidden(event: str, arguments: tuple[Any, ...]) -> None:
    """Python calls it before it opens, lists or changes a file."""
    if arguments and str(arguments[0]).startswith(os.environ["HIDDEN"]):
        raise FileNotFoundError(2, "it is on the disk of another machine", str(arguments[0]))


def fetch_staged(options: argparse.Namespace, folder: Path) -> None:
    """Brings the staged files under the names that they were staged by."""
    import grpc
    from apache_beam.portability.api import (
        beam_artifact_api_pb2,
        beam_artifact_api_pb2_grpc,
        beam_provision_api_pb2,
        beam_provision_api_pb2_grpc,
        beam_runner_api_pb2,
    )

    metadata = (("worker_id", options.id),)
    with grpc.insecure_channel(options.provision_endpoint) as channel:
        provision = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        request = beam_provision_api_pb2.GetProvisionInfoRequest()
        info = provision.GetProvisionInfo(request, metadata=metadata).info
    with grpc.insecure_channel(options.artifact_endpoint) as channel:
        artifacts = beam_artifact_api_pb2_grpc.ArtifactRetrievalServiceStub(channel)
        for one in info.dependencies:
            role = beam_runner_api_pb2.ArtifactStagingToRolePayload.FromString(one.role_payload)
            asked = beam_artifact_api_pb2.GetArtifactRequest(artifact=one)
            parts = artifacts.GetArtifact(asked, metadata=metadata)
            (folder / role.staged_name).write_bytes(b"".join(part.data for part in parts))


def install_extra_packages(folder: Path) -> None:
    """Installs what `extra_packages.txt` lists, as `boot` does, into a folder of this worker."""
    for name in (folder / "extra_packages.txt").read_text().split():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
        subprocess.run([*pip, f"--target={folder}", folder / name], check=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--id")
    for name in ("logging", "artifact", "provision", "control"):
        parser.add_argument(f"--{name}_endpoint")
    options = parser.parse_args()
    own = Path(os.environ["WORKERS"], options.id)
    staged = own / "staged"
    for name in ("home", "tmp", "staged"):
        (own / name).mkdir(parents=True)
    os.environ |= {"HOME": str(own / "home"), "TMPDIR": str(own / "tmp")}
    os.chdir(own)
    fetch_staged(options, staged)
    install_extra_packages(staged)
    os.environ |= {
        "WORKER_ID": options.id,
        "LOGGING_API_SERVICE_DESCRIPTOR": f'url: "{options.logging_endpoint}"',
        "CONTROL_API_SERVICE_DESCRIPTOR": f'url: "{options.control_endpoint}"',
        "PIPELINE_OPTIONS": "{}",
    }
    sys.path.append(str(staged))
    sys.addaudithook(refuse_hidden)
    if os.environ["LACKING"]:
        sys.modules[os.environ["LACKING"]] = None  # type: ignore[assignment]

    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    main()
