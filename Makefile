# The one front door: `make` lists the targets. Each makes the environment it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo check lint types drift test matrix guard generate snapshots fuzz mutate interop openapi nox
.PHONY: examples-dask docs bench bench-quick bench-live bench-concurrency dist clean
.PRECIOUS: .venv-%/.ready

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install 'pip==26.3'
	$(PIP) install --constraint constraints.txt --group dev --editable .
	@touch $@

# An environment of its own for a group of dependencies that `make check` must do without.
.venv-%/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip --disable-pip-version-check --quiet install 'pip==26.3'
	.venv-$*/bin/python -m pip --quiet install --constraint constraints.txt --group $* --editable .
	@touch $@

demo: $(READY)  ## five exchanges over a real socket (or with the live service when MIMO_API_KEY is set)
	@$(BIN)/mimo-proto demo

check: lint types drift docs test guard  ## all that must be green before a commit lands

lint: $(READY)  ## format, rules and complexity; blanks at the ends; the workflows by zizmor, offline
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/complexipy --max-complexity-allowed 15 --no-ignore --failed --plain src codegen
	$(BIN)/python .ci/whitespace.py
	$(BIN)/zizmor --offline --quiet .github

types: $(READY)  ## mypy and pyright, both strict
	$(BIN)/mypy
	$(BIN)/pyright

drift: $(READY)  ## generated files are what spec/ says
	$(BIN)/python -m codegen --check

test: $(READY)  ## the tests, with branch coverage at 100 %
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses auto
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

fuzz: $(READY)  ## N mutated streams for each decoder (make fuzz N=1000000 SEED=1; see docs/fuzzing.md)
	$(BIN)/python -m tests.support.fuzz $(or $(N),100000) $(if $(SEED),--seed $(SEED)) $(if $(RECORD),--record $(RECORD))

mutate: .venv-mutate/.ready  ## change protocol/ and retry, one place at a time: does a test notice? (MODULE=chunked: one)
	$(if $(MODULE),PYTEST_ADDOPTS="-k test_$(MODULE)") .venv-mutate/bin/mutmut run $(if $(MODULE),"mimo_proto.*$(MODULE).*")
	.venv-mutate/bin/mutmut results | sed '/not checked/d'

generate: $(READY)  ## spec/ -> src/mimo_proto/models/, with a report of what changed since the last commit
	$(BIN)/python -m codegen
	@$(BIN)/python -m codegen diff || test $$? -eq 1

interop: .venv-interop/node/.ready  ## other people's clients and frameworks against LoopbackServer, and through the relay
	.venv-interop/bin/python -m pytest tests/interop

# The packages of the AI SDK, where there is a node to run them.
.venv-interop/node/.ready: tests/interop/ai_sdk/package.json .venv-interop/.ready
	mkdir -p $(@D)
	cp $< $(@D)
	! command -v npm > /dev/null || npm install --prefix $(@D) --no-package-lock --no-audit --no-fund --loglevel error
	@touch $@

examples-dask: .venv-dask/.ready  ## the example over a Dask cluster, of two workers on this machine
	.venv-dask/bin/python -m pytest tests/dask

openapi: .venv-openapi/.ready  ## clients made of spec/dist/openapi.json (needs npx), and Schemathesis against LoopbackServer
	mkdir -p build/openapi
	npx --yes openapi-typescript@7.13.0 spec/dist/openapi.json --output build/openapi/mimo.ts
	npx --yes --package typescript@5.9.3 tsc --strict --noEmit build/openapi/mimo.ts
	PATH="$(CURDIR)/.venv-openapi/bin:$$PATH" openapi-python-client generate --path spec/dist/openapi.json \
		--output-path build/openapi/client --meta none --overwrite --fail-on-warning
	PYTHONPATH=build/openapi .venv-openapi/bin/python -c "import client.models"
	.venv-openapi/bin/python .ci/exercise_openapi.py

snapshots: $(READY)  ## rewrite the snapshots (look at the diff before you commit it)
	$(BIN)/pytest --snapshot-update $$(grep -l SnapshotAssertion $$(find tests -name "test_*.py"))

docs: .venv-docs/.ready  ## the site of the documentation, in site/; a warning is an error
	.venv-docs/bin/sphinx-build --fresh-env --fail-on-warning --keep-going --quiet -c docs -d .venv-docs/doctrees . site

matrix: $(READY)  ## the tests over sockets, over uvloop and httpx2 too
	$(BIN)/python -m pytest --numprocesses auto --all-clients tests/aio tests/faults

guard: $(READY)  ## the decoder has not become slower than it may be (ratios to msgspec alone)
	$(BIN)/python -m bench.guard

bench: .venv-bench/.ready  ## measure everything against pinned rivals; writes bench/RESULTS.md and its chart
	.venv-bench/bin/python -m bench

bench-quick: .venv-bench/.ready  ## the core rows in under a minute; writes nothing
	.venv-bench/bin/python -m bench --quick

bench-live: .venv-bench/.ready  ## live streams in asyncio, beside others and bare; writes bench/LIVE.md and its chart
	.venv-bench/bin/python -m bench.live

bench-concurrency: .venv-bench/.ready  ## 64 and 256 streams at once, an event each 20 ms
	.venv-bench/bin/python -m bench.concurrency

nox: $(READY)  ## the built wheel under every Python there is, and with the oldest dependencies (SESSION=minimum: one)
	$(BIN)/nox $(if $(SESSION),--session $(SESSION))

dist: $(READY)  ## the sdist and the wheel, in dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation

clean:  ## remove what the targets made
	rm -rf .venv .venv-* .nox .mypy_cache .ruff_cache .pytest_cache .complexipy_cache .coverage .coverage.* mutants dist build site
