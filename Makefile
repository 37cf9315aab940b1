# Every command of this project; `make help` lists them. People and CI run the same ones.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON_BIN := .venv/bin/python
STAMP := .venv/.setup-stamp
UNIT := not integration and not chaos and not server and not bench and not slow
# Processes the tests are spread over, each with a Kafka and a ClickHouse of its own (about 1 GiB).
TEST_WORKERS ?= 2
ARGS ?=
# On two busy cores a real server may miss a test's deadline: such a test, and only such a one, is run once more (and
# listed). A wrong figure is never run again.
LATE := --reruns 1 --only-rerun 'records behind' --only-rerun NodeNotReadyError --only-rerun 'not within' --only-rerun 'was not ready' --only-rerun 'pytest-timeout' --only-rerun 'did not answer within'

.PHONY: help setup kafka lint types unit check test demo bench stack clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Prepare this machine: .venv, Java and Maven, Debian's clickhouse-server (apt where it is root)

$(STAMP): pyproject.toml deploy/local/setup.sh
	@deploy/local/setup.sh

kafka: $(STAMP) ## Fetch the pinned Apache Kafka with Maven into .local/kafka-libs
	@$(PYTHON_BIN) -c 'from pathlib import Path; from deploy.local.kafka import ensure_jars; print(ensure_jars(Path.cwd()))'

lint: $(STAMP) ## Check style and formatting
	.venv/bin/ruff check
	.venv/bin/ruff format --check

types: $(STAMP) ## Check types strictly
	.venv/bin/mypy

unit: $(STAMP) ## Run the tests that need no server
	HYPOTHESIS_PROFILE=quick $(PYTHON_BIN) -m pytest -q -n $(TEST_WORKERS) --dist worksteal -m '$(UNIT)' $(ARGS)

check: lint types unit ## The fast part: lint, types, unit tests (under a minute)

test: lint types kafka ## Everything CI runs: lint, types and all tests on real Kafka and ClickHouse (under 15 minutes)
	$(PYTHON_BIN) -m pytest -n $(TEST_WORKERS) --dist worksteal -m 'not bench' $(LATE) $(ARGS)

demo: $(STAMP) ## Start everything, play a seeded hospital, show what happened (DEMO_ONCE=1 ends by itself)
	@$(PYTHON_BIN) -m deploy.demo $(ARGS)

bench: kafka ## Measure against a naive agent on real Kafka, printed as JSON
	@$(PYTHON_BIN) -m tests.bench $(ARGS)

stack: $(STAMP) ## Start Kafka and ClickHouse for development until Ctrl-C, printing their addresses
	@$(PYTHON_BIN) -m deploy.local $(ARGS)

clean: ## Remove local data, fetched jars and caches (.venv stays)
	rm -rf .local build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
