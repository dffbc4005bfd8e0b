.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help setup run test coverage lint check learn bench bench-understanding bench-channels bench-desk side-by-side clean

help: ## Show the commands.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Install everything into .venv.

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $(READY)

run: $(READY) ## Start the service on embedded defaults.
	$(BIN)/python -m bot run

test: $(READY) ## Run the tests, on SQLite and on a real PostgreSQL.
	$(BIN)/python -m pytest -n auto --dist loadfile

.PHONY: axe
axe: ## Install axe-core, with which the tests look for barriers on pages; needs npm.
	npm install --silent --no-audit --no-fund --prefix .axe axe-core@4.14.1

coverage: $(READY) ## Show which lines the tests pass through.
	$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report=term:skip-covered

lint: $(READY) ## Check style, types and import directions.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: $(READY) ## Check all content.
	$(BIN)/python -m bot check

learn: $(READY) ## Learn anew, from all names and examples, which service or kind of message is meant.
	$(BIN)/python -m bot learn

bench-understanding: $(READY) ## Measure how well services are found, beside plain matchers.
	$(BIN)/python -m tests.bench_understanding

bench-channels: $(READY) ## Measure how the channels hold out: speed beside a bare echo, and bad days (a quarter of an hour).
	$(BIN)/python -m tests.bench_channels

bench-desk: $(READY) ## Measure the staff desk over 5 million events, and messages beside it (half an hour).
	$(BIN)/python -m tests.bench_desk

side-by-side: $(READY) ## Hold one conversation over every channel and print the transcripts side by side.
	$(BIN)/python -m tests.side_by_side

bench: $(READY) ## Measure start-up, decisions and memory.
	$(BIN)/python -m tests.bench
