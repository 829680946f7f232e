#!/bin/sh
# Builds the wheel of every package into dist/.
set -eu
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .tools/bin/uv)
"$uv" build --quiet --all-packages --wheel --out-dir dist
ls dist/*.whl
