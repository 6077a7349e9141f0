# The one front door: `make` lists the targets. Each makes the environment it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo check test fuzz lint types generate snapshots interop clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install 'pip==26.3'
	$(PIP) install --constraint constraints.txt --group dev --editable .
	@touch $@

.venv: $(READY)

demo: $(READY)  ## five exchanges over a real socket (or with the live service when MIMO_API_KEY is set)
	@$(BIN)/mimo-proto demo

check: lint types drift test guard  ## all that must be green before a commit lands

lint: $(READY)  ## ruff: format and rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)  ## mypy and pyright, both strict
	$(BIN)/mypy
	$(BIN)/pyright

drift: $(READY)  ## generated files are what spec/ says
	$(BIN)/python -m codegen --check

test: $(READY)  ## the tests, with branch coverage at 100 %
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

fuzz: $(READY)  ## N mutated streams for each decoder (make fuzz N=1000000 SEED=1; see docs/fuzzing.md)
	$(BIN)/python -m tests.fuzz $(or $(N),100000) $(if $(SEED),--seed $(SEED)) $(if $(RECORD),--record $(RECORD))

generate: $(READY)  ## spec/ -> src/mimo_proto/models/, with a report of what changed since the last commit
	$(BIN)/python -m codegen
	@$(BIN)/python -m codegen diff || true

interop: .venv-interop/.ready  ## the official openai package against LoopbackServer
	.venv-interop/bin/python -m pytest tests/interop

.venv-interop/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-interop
	.venv-interop/bin/python -m pip --disable-pip-version-check --quiet install 'pip==26.3'
	.venv-interop/bin/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt --group interop --editable .
	@touch $@

snapshots: $(READY)  ## rewrite the snapshots (look at the diff before you commit it)
	$(BIN)/pytest --snapshot-update

# The benchmarks have an environment of their own, for the rivals' sake.
.PHONY: guard bench bench-quick bench-concurrency
BENCH := .venv-bench
BENCH_READY := $(BENCH)/.ready

guard: $(READY)  ## the decoder has not become slower than it may be (ratios to msgspec alone)
	$(BIN)/python -m bench.guard

$(BENCH_READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip --disable-pip-version-check --quiet install 'pip==26.3'
	$(BENCH)/bin/python -m pip --quiet install --constraint constraints.txt --group bench --editable .
	@touch $@

bench: $(BENCH_READY)  ## measure everything against pinned rivals; writes bench/RESULTS.md and its chart
	$(BENCH)/bin/python -m bench

bench-quick: $(BENCH_READY)  ## the core rows in under a minute; writes nothing
	$(BENCH)/bin/python -m bench --quick

bench-concurrency: $(BENCH_READY)  ## 64 and 256 streams at once, an event each 20 ms
	$(BENCH)/bin/python -m bench.concurrency

clean:  ## remove what the targets made
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .coverage .coverage.* dist build
