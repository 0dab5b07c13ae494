# 回应 Huiying. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# `make install WHEELS=dir`: from a folder of wheels, for an office network that reaches no registry.
ifdef WHEELS
export PIP_NO_INDEX := 1
export PIP_FIND_LINKS := $(abspath $(WHEELS))
endif
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PIP := $(BIN)/python -m pip install --quiet --require-hashes
# Tests wait for processes they start: three of them keep two cores busy. Faults are themselves many processes.
WORKERS ?= 3
faults: WORKERS = 2

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test faults bench lint types format lock bundle clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/core.stamp: requirements/core.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -r requirements/core.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/dev.stamp: $(VENV)/core.stamp requirements/dev.lock
	$(PIP) -r requirements/dev.lock
	touch $@

install: $(VENV)/core.stamp ## the environment only; .venv/bin/huiying works after it

install-dev: $(VENV)/dev.stamp

run: install ## set up, load sample data into an empty database, serve on http://127.0.0.1:8000
	@$(BIN)/huiying migrate
	@$(BIN)/huiying sample load --if-empty
	@exec $(BIN)/huiying serve

test: install-dev ## the whole suite, on SQLite and on PostgreSQL, pages in a browser
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not faults" $(ARGS)

faults: install-dev ## kills and bad input at CI counts (RELEASE=1: release counts)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m faults $(ARGS)

bench: install-dev ## every figure, as a ratio against a named peer in the same run
	$(BIN)/python -m bench

lint: install-dev ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install-dev ## ruff format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

LOCK := $(BIN)/python -m uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11
lock: install-dev ## renew the lock files (hashes, no addresses)
	$(LOCK) pyproject.toml requirements/build.in -o requirements/core.lock
	$(LOCK) --extra dev pyproject.toml requirements/build.in -c requirements/core.lock -o requirements/dev.lock

bundle: install ## wheels for an office network: copy the folder, then `make install WHEELS=wheels`
	rm -rf wheels && mkdir wheels
	$(BIN)/python -m pip wheel --quiet --require-hashes --no-deps -r requirements/core.lock -w wheels
	@echo "wheels: $$(ls wheels | wc -l) files, $$(du -sh wheels | cut -f1)"

clean: ## remove what was built (not var/)
	rm -rf $(VENV) build dist wheels *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
