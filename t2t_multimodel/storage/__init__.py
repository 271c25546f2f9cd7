"""Storage anywhere: folders and files that an URL names, used like those of this machine.

All other code works on paths of this machine. An URL stands for a path in a folder of this process
(`Staging`), and these verbs bring files there and back. On other paths each of them does nothing,
so what is local stays as fast and as exact as it is.
"""

from __future__ import annotations

from t2t_multimodel.storage.addresses import is_url
from t2t_multimodel.storage.fetching import fetch, fetch_once
from t2t_multimodel.storage.near import is_near, need, read_range
from t2t_multimodel.storage.objects import age, create, remove, replace, text_of
from t2t_multimodel.storage.publishing import publish, publish_all
from t2t_multimodel.storage.staging import (
    DEFAULT_GB,
    cache_in_use,
    cache_is_full,
    guarded,
    is_remote,
    opened,
    place,
    shown,
    use_cache,
)

__all__ = [
    "DEFAULT_GB",
    "age",
    "cache_in_use",
    "cache_is_full",
    "create",
    "fetch",
    "fetch_once",
    "guarded",
    "is_near",
    "is_remote",
    "is_url",
    "need",
    "opened",
    "place",
    "publish",
    "publish_all",
    "read_range",
    "remove",
    "replace",
    "shown",
    "text_of",
    "use_cache",
]
