#!/bin/sh
# Removes what was installed, built and cached. The keys, the tokens and the ledger in var/ go only when told so: by an
# answer at the terminal, or by YES=1.
set -eu
cd "$(dirname "$0")/.."
rm -rf .venv .tools dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
find . -name __pycache__ -prune -exec rm -rf {} +
[ -e var ] || exit 0
answer=${YES:-}
if [ -z "$answer" ] && [ -t 0 ]; then
    printf 'var/ holds keys, tokens, settings and the ledger of all tasks. Remove it too, for good? [y/N] '
    read -r answer || answer=n
fi
case $answer in
1 | y | Y | yes) rm -rf var ;;
*) echo 'var/ stays, with keys, tokens, settings and the ledger: `make clean YES=1` removes it too' ;;
esac
