#!/bin/sh
# The lock file fits the packages' requirements.
set -eu
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .tools/bin/uv)
UV_PYTHON_DOWNLOADS=never exec "$uv" lock --check --quiet
