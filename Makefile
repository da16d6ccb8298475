# Everything from a bare Python 3.11 with venv and pip; Node only to change or test the front end.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
WORKERS ?=
RUNS ?= 20000
MINUTES ?= 5
SEED ?=
DATABASE ?= sqlite
WORKLOADS ?=
QUICK ?=
DOC ?=
JSON ?= bench.json
# Tests run in a random order; where CI is set it is always the same one, so that one commit has one result.
ORDER := $(if $(CI),--randomly-seed=1244280336)
# What tests write need not outlive the machine: it lies in memory, where there is room for it.
ROOM := $(shell df -k /dev/shm 2>/dev/null | awk 'END { print ($$4 > 4000000) ? "/dev/shm" : "" }')
BIN := .venv/bin
SYNCED := .venv/.synced
FRONT := designer/frontend
DOCS_SITE := static/docs/index.html
DOCS_SOURCES := mkdocs.yml $(shell find docs -type f)
MODULES := $(FRONT)/node_modules/.package-lock.json
NODE := $(shell command -v npm)
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

export UV_PYTHON_DOWNLOADS := never

.PHONY: up help docs reference chaos test test-postgres lint test-front front bench bench-peers screenshots simulate clean

up: $(SYNCED) ## Start the product (default); PORT=8000, WORKERS=
	-@$(MAKE) --no-print-directory docs
	@exec $(BIN)/python -IS workers/process/parent_death.py 15 $$PPID $(BIN)/python manage.py up --port $(PORT) $(if $(WORKERS),--workers $(WORKERS))

help: ## This list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)$$/\1\t\2/p' Makefile | awk -F '\t' '{ printf "make %-14s %s\n", $$1, $$2 }'

reference: $(SYNCED) ## Write the generated pages of docs/reference and the JSON Schema
	$(BIN)/python -m tests.docs.reference

docs: $(DOCS_SITE) ## Build the documentation into static/docs, served at /docs/

test test-postgres: export TMPDIR := $(or $(ROOM),$(TMPDIR),/tmp)

test: lint test-front ## Everything that must be green
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ORDER)

# Tests with databases of their own, which are SQLite's: they pass or fail on either alike.
APART := tests/integration/workers/rehearsal/test_rehearsal.py $(addprefix tests/integration/processes/test_,traces.py wheel.py)

test-postgres: $(SYNCED) ## Integration and contract tests on PostgreSQL
	$(BIN)/python -m tests.postgres $(BIN)/python -m pytest -n 2 --dist worksteal $(ORDER) tests/integration tests/contract $(APART:%=--ignore=%)

lint: $(SYNCED) ## ruff, mypy, import-linter, bandit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive config designer runs workers manage.py

bench: $(SYNCED) ## Measure; DATABASE=sqlite|postgresql|both, WORKLOADS=A,B, QUICK=1, DOC=1
	$(BIN)/python -m tests.bench --database $(DATABASE) --json $(JSON) $(if $(WORKLOADS),--workloads $(WORKLOADS)) $(if $(QUICK),--quick) $(if $(DOC),--doc)

bench-peers: $(SYNCED) ## Measure other engines at the same work
	$(BIN)/python -m uv sync --frozen --inexact --group bench --quiet
	$(BIN)/python -m tests.bench.peers

simulate: $(SYNCED) ## Random histories of the rules; RUNS=20000, SEED=
	$(BIN)/python -m tests.simulation --runs $(RUNS) $(if $(SEED),--seed $(SEED))

screenshots: $(SYNCED) ## Pictures of every page into var/screens; DOCS=1: those of the docs
	$(BIN)/python -m tests.screens $(if $(DOCS),--docs)

chaos: $(SYNCED) ## Random faults on the running product; MINUTES=5, SEED=
	$(BIN)/python -m tests.chaos --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

clean: ## Remove everything that was installed or cached
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache $(FRONT)/node_modules static/docs

ifneq ($(NODE),)
test-front: $(MODULES) $(SYNCED) ## Types, lint and tests of the front end (needs Node)
	$(BIN)/python manage.py write_vocabulary
	cd $(FRONT) && npm run check && npm test

front: $(MODULES) $(SYNCED) ## Build static/designer (needs Node)
	$(BIN)/python manage.py write_vocabulary
	cd $(FRONT) && npm run build
else
test-front: ; $(if $(CI),$(error Node is missing: install nodejs and npm),@echo "Node is missing: the front end is not tested")
front: ; $(error Node is missing: install nodejs and npm to build the front end)
endif

ifneq ($(CI),)
ifeq ($(CHROMIUM),)
test: ; $(error Chromium is missing: install Debian's chromium for the browser tests)
endif
endif

$(DOCS_SITE): $(DOCS_SOURCES) | $(SYNCED)
	@printf 'Building the documentation: '
	@rm -rf $(@D)
	@$(BIN)/zensical build --clean --strict --config-file mkdocs.yml > /dev/null
	@touch $@

$(MODULES): $(FRONT)/package-lock.json
	cd $(FRONT) && npm ci
	@touch $@

$(SYNCED): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, not " + sys.version) if sys.version_info < (3, 11) else 0'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/python -m uv sync --frozen --inexact --compile-bytecode --quiet
	@touch $@
