#!/bin/sh
# Brings the environment up to date from nothing: finds uv, or installs it from the package index, then syncs .venv with
# the lock file. Usage: scripts/bootstrap.sh [uv sync options]. Owns .tools/ and .venv/; .tools/cache is uv's where HOME
# cannot be written.
set -eu
cd "$(dirname "$0")/.."

fail() { printf 'error: %s\n' "$1" >&2; exit 2; }

python=${PYTHON:-}
if [ -z "$python" ]; then
    for candidate in python3.13 python3.12 python3.11 python3; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 13)))' 2>/dev/null; then
            python=$candidate
            break
        fi
    done
fi
[ -n "$python" ] || fail "no Python 3.11 to 3.13 found: install one, or name it with PYTHON=/path/to/python3"

uv=$(command -v uv 2>/dev/null || true)
if [ -z "$uv" ]; then
    uv=$PWD/.tools/bin/uv
    if [ ! -x "$uv" ]; then
        echo "uv is not here: installing it into .tools from the package index" >&2
        if "$python" -c 'import venv, ensurepip' 2>/dev/null; then
            "$python" -m venv .tools || fail "could not make the environment .tools: see the lines above"
            .tools/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1' ||
                fail "could not install uv: check that pip reaches a package index"
        elif "$python" -m pip --version >/dev/null 2>&1; then
            "$python" -m pip install --quiet --disable-pip-version-check --target .tools/lib 'uv>=0.9,<1' ||
                fail "could not install uv: check that pip reaches a package index"
            mkdir -p .tools/bin
            ln -sf ../lib/bin/uv ../lib/bin/uvx .tools/bin/
        else
            fail "this Python ($python) has neither venv nor pip: install one of them (Debian: apt install python3-venv), or install uv"
        fi
    fi
fi
"$uv" --version >/dev/null 2>&1 || fail "uv at $uv does not run: remove .tools and try again"

cache=$("$uv" cache dir 2>/dev/null || true)
if [ -z "$cache" ] || ! mkdir -p "$cache" 2>/dev/null || [ ! -w "$cache" ]; then
    UV_CACHE_DIR=$PWD/.tools/cache
    export UV_CACHE_DIR
fi

UV_PYTHON_DOWNLOADS=never "$uv" sync --quiet --frozen --compile-bytecode --all-packages --inexact --python "$python" "$@" ||
    fail "could not install the packages of uv.lock: see the lines above"
