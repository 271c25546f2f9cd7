"""A server of S3 on this machine, for tests and benches."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

import pytest

BUCKET = "shelf"


@contextmanager
def s3_server(bucket: str = BUCKET) -> Iterator[Any]:
    """Serves one empty bucket and sets the environment that leads clients to it.

    Yields:
        The file system of s3fs, to look into the bucket.
    """
    s3fs = pytest.importorskip("s3fs")
    server_module = pytest.importorskip("moto.server")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    forget = Request(f"http://{host}:{port}/moto-api/reset", method="POST")
    urlopen(forget).close()  # all servers of a process hold the same buckets
    before = dict(os.environ)
    os.environ.update(
        AWS_ENDPOINT_URL=f"http://{host}:{port}",
        AWS_ACCESS_KEY_ID="of-a-test",
        AWS_SECRET_ACCESS_KEY="of-a-test",
        AWS_DEFAULT_REGION="us-east-1",
    )
    s3fs.S3FileSystem.clear_instance_cache()
    store = s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)
    store.mkdir(bucket)
    try:
        yield store
    finally:
        s3fs.S3FileSystem.clear_instance_cache()
        os.environ.clear()
        os.environ.update(before)
        server.stop()
