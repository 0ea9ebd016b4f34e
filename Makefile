# The only door. `make help` lists what there is.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
STACK := $(PYTHON) -m tests.stack
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-down test check docs bench-startup bench-triage bench-ledger up down status constraints clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 18

setup: $(STAMP) ## make .venv with the pinned environment

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -m tests.stack.setup $(PYTHON)
	@touch $@

demo: setup ## triage a small shop in trouble, with a real model
	@$(BIN)/python -m tests.stack.show

demo-down: ## remove all that the demo started
	@$(STACK) down

test: setup ## the whole suite, on real services that are started for it
	@$(BIN)/python -m tests.stack.suite $(ARGS)

check: setup ## lint, types, import contracts, documentation
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache | tail -n 12
	@$(BIN)/pytest -q -p no:cacheprovider tests/docs tests/workers/test_conformance.py

docs: setup ## write docs/cli.md anew
	@$(BIN)/python -m tests.docs.generate

bench-startup: setup ## what starting the program costs, as multiples of `python -c pass`
	@$(BIN)/python -m benchmarks.startup

bench-triage: setup ## how fast a triage is, and whether the line that matters survives it
	@$(BIN)/python -m benchmarks.triage_speed
	@$(BIN)/python -m benchmarks.triage_many
	@$(BIN)/python -m benchmarks.triage_window
	@$(BIN)/python -m benchmarks.triage_recall

bench-ledger: setup ## cost reports, lists and inserting with ten million ledger rows
	@$(BIN)/python -m benchmarks.ledger

up: setup ## start the real services (SERVICES="docker llm postgres demo" for some)
	@$(STACK) up $(SERVICES)

down: ## stop what `up`, `demo` and `test` have started
	@$(STACK) down $(SERVICES)

status: ## say which services are up
	@$(STACK) status

constraints: ## pin the environment as it is now: names and versions alone
	@$(BIN)/pip freeze --exclude-editable --exclude cyberbrain-cli | grep -E '^[A-Za-z0-9._-]+==' > constraints.txt

clean: down ## remove the environment and what tools left behind
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
