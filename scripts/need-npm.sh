#!/bin/sh
# Says what is missing when npm is not here.
command -v npm >/dev/null 2>&1 && command -v npx >/dev/null 2>&1 && exit 0
echo 'error: make test-npm needs npm and npx: install Node.js 20 or later (Debian: apt install nodejs npm)' >&2
exit 2
