#!/usr/bin/env bash
# What three hparams sets reach on the accelerator of this machine, in under 8 minutes on one: a
# JSON line for each, see accelerator.py. Arguments go to it, such as --data_dir=data --steps=20.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export KERAS_BACKEND=jax
for set in octet_tiny multimodel_base multimodel_paper; do
  timeout 150 python bench/accelerator.py --hparams_set="$set" "$@" || echo "{\"set\": \"$set\", \"failed\": $?}"
done
