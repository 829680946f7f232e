#!/bin/sh
# Brings uv.lock up to the packages' requirements; with --check it fails where that would change it.
set -eu
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .tools/bin/uv)
UV_PYTHON_DOWNLOADS=never exec "$uv" lock --quiet "$@"
