#!/bin/sh
# Every check that needs no test run; each prints its name, and all run even when one fails.
set -u
cd "$(dirname "$0")/.."
failed=''
check() {
    name=$1
    shift
    if "$@" >.check.out 2>&1; then
        printf '%-18s ok\n' "$name"
    else
        printf '%-18s FAILED\n' "$name"
        sed 's/^/    /' .check.out
        failed="$failed $name"
    fi
    rm -f .check.out
}
check format .venv/bin/ruff format --check .
check lint .venv/bin/ruff check .
check types .venv/bin/mypy
check imports .venv/bin/lint-imports
check file-lengths .venv/bin/python scripts/check_lengths.py
check generated .venv/bin/python scripts/generate.py --check
check lock scripts/lock.sh --check
check skills .venv/bin/agent-engine skills check agent-engine/skills
check compose .venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.mcp.yml docker-compose.agent.yml
check workflows .venv/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml
for file in deploy/docker/*.Dockerfile; do
    check "$(basename "$file")" .venv/bin/hadolint "$file"
done
[ -z "$failed" ] || { echo "failed:$failed" >&2; exit 1; }
