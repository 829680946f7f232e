# Agent Bot. `make` alone explains every target. Each installs what it needs.
.DEFAULT_GOAL := help
.PHONY: help init demo up down health logs test test-houses test-unit test-quick cover picture test-bad-input test-npm attack chaos bench check generate format build bundle clean
SHELL := /bin/sh
# By env, not by a shell, which would end without its child when make is told to stop.
HOUSE = env PYTHONPATH=scripts .venv/bin/python -m house
# Under a locale that is not installed Python does not start in a path with umlauts.
export LC_ALL = C.UTF-8
# Where it is set, each process of the system and of the tests compiles all that it imports anew.
export PYTHONDONTWRITEBYTECODE =

help: ## explain the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1|\2/' | awk -F'|' '{printf "%-23s %s\n", $$1, $$2}'
	@echo
	@echo 'Settings go after the target, as in: make demo TRANSPORT=http DOOR=redis'
	@echo '  demo:  TRANSPORT=sse|http  DOOR=webhook|redis|http|cli  MODEL=real (needs ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN)'
	@echo '         STORY=review: a pull request whose check failed is explained, and reviewed line by line'
	@echo '         MODE=propose: the agent only proposes; what it would write is shown, approved and then sent'
	@echo '         ISSUE=owner/repo#N with MODEL=real and GITHUB_TOKEN: the real GitHub, read-only unless ALLOW_WRITES=1'
	@echo '  all:   PORT_OFFSET=10000 moves every port, CONTROL_PORT=... one, while the system is up; AGENT_BOT_HOME=... is where everything lives'

.venv/runs: uv.lock pyproject.toml scripts/bootstrap.sh $(wildcard packages/*/pyproject.toml mcp-servers/*/pyproject.toml api-services/*/pyproject.toml agent-engine/pyproject.toml)
	@scripts/bootstrap.sh --no-default-groups && touch $@

.venv/develops: .venv/runs
	@scripts/bootstrap.sh && touch $@

init: .venv/runs ## make keys, tokens, access.yaml and triggers.yaml in ./var
	@$(HOUSE) init

demo: .venv/runs ## run the main job end to end with stand-ins for GitHub and the model
	@$(HOUSE) demo

up: .venv/runs ## start the whole system as local processes and wait until it is ready
	@$(HOUSE) up

down: .venv/runs ## stop it
	@$(HOUSE) down

health: .venv/runs ## ask every process whether it is ready
	@$(HOUSE) health

logs: .venv/runs ## follow every process's log; TASK=ID shows the lines of one task
	@$(HOUSE) logs

picture: .venv/runs ## make docs/demo.svg, which the README shows, of what the demo prints
	@.venv/bin/python scripts/demo_picture.py

test: .venv/develops ## run the tests, but for those of test-houses, test-npm and attack
	@.venv/bin/pytest -m 'not npm and not attack and not apart' -n 4 --dist loadgroup

test-houses: .venv/develops ## run the longest tests: bounds of runs, systems and installations of their own
	@.venv/bin/pytest -m 'apart and not npm' -n 2 --dist loadgroup

test-unit: .venv/develops ## run the unit tests alone
	@.venv/bin/pytest tests/core tests/vendor tests/conformance tests/kernel -m 'not npm' -n 2 --dist loadgroup

test-quick: .venv/develops ## run the tests without those that are marked slow
	@.venv/bin/pytest tests/core tests/vendor tests/conformance tests/kernel -m 'not (npm or apart or slow)' -n 2 --dist loadgroup

cover: .venv/develops ## run the tests and show the branch coverage of packages, kits and the engine (at least 85 %)
	@.venv/bin/pytest -m 'not npm and not attack and not apart' -n 4 --dist loadgroup --cov --cov-report=term

test-bad-input: .venv/develops ## give the house every kind of bad input; tests/e2e/bad_input lists them
	@.venv/bin/pytest -m bad_input -n 2 --dist loadgroup

test-npm: .venv/develops ## run the tests that need npm: Inspector, conformance, GitHub's own description and payloads
	@command -v npm >/dev/null && command -v npx >/dev/null || \
		{ echo 'error: make test-npm needs npm and npx: install Node.js 20 or later (Debian: apt install nodejs npm)' >&2; exit 2; }
	@.venv/bin/pytest -m npm

bench: .venv/develops ## measure ours beside named peers, each in a locked environment of its own; PARTS=questions for one part
	@PYTHONPATH=tests:scripts .venv/bin/python -m bench $(PARTS)

attack: .venv/develops ## attack a house: hostile agents in the real CLI, and every gate by raw HTTP
	@scripts/attack $(CASES)

chaos: .venv/develops ## kill parts of a house 50 times while 300 tasks are under way
	@CHAOS_TASKS=300 .venv/bin/pytest -s tests/chaos

check: .venv/develops ## format, lint, types, import rules, file lengths, compose files and Dockerfiles
	@scripts/check.sh

generate: ## write what is made of the packages' folders, vendors' records, settings and models
	@[ -x .venv/bin/python ] || scripts/bootstrap.sh
	@.venv/bin/python scripts/generate.py --packages && scripts/lock.sh
	@$(MAKE) --silent --no-print-directory .venv/develops && .venv/bin/python scripts/generate.py

format: .venv/develops ## format the code
	@.venv/bin/ruff format -q . && .venv/bin/ruff check -q --fix .

build: .venv/develops ## build every wheel into dist/
	@$$(command -v uv || echo .tools/bin/uv) build --quiet --all-packages --wheel --out-dir dist && ls dist/*.whl

bundle: .venv/develops ## pack github-mcp for Claude Desktop (.mcpb) with its server.json into dist/; OWNER=... is whose repository releases it
	@.venv/bin/python scripts/bundle.py --owner "$${OWNER:-OWNER}"

clean: ## stop the house, remove the environment and all caches, and ask whether to remove keys and ledger
	@[ ! -x .venv/bin/python ] || $(HOUSE) down || [ ! -e "$${AGENT_BOT_HOME:-var}/supervisord.pid" ]
	@scripts/clean.sh
