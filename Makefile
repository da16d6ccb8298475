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
BIN := .venv/bin
SYNCED := .venv/.synced
FRONT := designer/frontend
MODULES := $(FRONT)/node_modules/.package-lock.json
NODE := $(shell command -v npm)
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

export UV_PYTHON_DOWNLOADS := never

.PHONY: up chaos test test-postgres lint test-front front bench bench-peers simulate clean

up: $(SYNCED)
	@exec $(BIN)/python -IS workers/process/parent_death.py 15 $$PPID $(BIN)/python manage.py up --port $(PORT) $(if $(WORKERS),--workers $(WORKERS))

test: lint test-front
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m pytest -n 2

test-postgres: $(SYNCED)
	$(BIN)/python -m tests.postgres $(BIN)/python -m pytest -n 2 tests/integration tests/contract

lint: $(SYNCED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive config designer runs workers manage.py

bench: $(SYNCED)
	$(BIN)/python -m tests.bench --database $(DATABASE) --json $(JSON) $(if $(WORKLOADS),--workloads $(WORKLOADS)) $(if $(QUICK),--quick) $(if $(DOC),--doc)

bench-peers: $(SYNCED)
	$(BIN)/python -m uv sync --frozen --inexact --group bench --quiet
	$(BIN)/python -m tests.bench.peers

simulate: $(SYNCED)
	$(BIN)/python -m tests.simulation --runs $(RUNS) $(if $(SEED),--seed $(SEED))

chaos: $(SYNCED)
	$(BIN)/python -m tests.chaos --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache $(FRONT)/node_modules

ifneq ($(NODE),)
test-front: $(MODULES) $(SYNCED)
	$(BIN)/python manage.py write_vocabulary
	cd $(FRONT) && npm run check && npm test

front: $(MODULES) $(SYNCED)
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

$(MODULES): $(FRONT)/package-lock.json
	cd $(FRONT) && npm ci
	@touch $@

$(SYNCED): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, not " + sys.version) if sys.version_info < (3, 11) else 0'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/python -m uv sync --frozen --inexact --compile-bytecode --quiet
	@touch $@
