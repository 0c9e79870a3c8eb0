# The verbs of this checkout. `make` alone lists them; each installs what it misses by itself.

.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

# The newest thing a machine must bring is a Python of 3.11 to 3.13. Asked for only when it is needed.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo "$$python" && break; done)
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/gpu-embedding
UV ?= $(CACHE)/$(shell sed -n 's/^uv==\([0-9.]*\).*/uv-\1/p' requirements/uv.txt)/bin/uv
UV_SYSTEM_CERTS ?= true
export UV_SYSTEM_CERTS
# Images set it to keep their layers small. Here every process of a test run, and there are hundreds,
# would compile what it imports anew: four seconds for the server, ten for torch.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
# The environment is as the lock and pyproject.toml were when this file was made.
INSTALLED := .venv/installed-$(shell cat requirements/dev.txt pyproject.toml | cksum | tr ' ' -)
# Others' indexes have an environment of their own: nothing of theirs is in what is tested.
BENCH_INSTALLED := .venv-bench/installed-$(shell cat requirements/bench.txt pyproject.toml | cksum | tr ' ' -)
# infinity-emb needs an older transformers than ours.
INFINITY_INSTALLED := .venv-infinity/installed-$(shell cksum < requirements/bench-infinity.txt | tr ' ' -)
MPNET := $(CACHE)/models/all-mpnet-base-v2/modules.json
CLUSTER := $(BIN)/python -m tests.cluster
SOURCES := main.py charts scripts service operator tests benchmarks $(wildcard examples)

.PHONY: help run test test-long chart bench bench-full bench-gpu bench-index bench-operator images cluster-up cluster-down cluster-status cluster-shell cluster-fault \
	test-cluster test-cluster-all lint format docs generate lock install clean

help: ## List the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

run: install ## Serve on http://localhost:8001, with a small model that needs no download unless you chose one
	@scripts/run

test: lint ## Check everything that needs no root: lint, types, layers, tests, coverage (up to 12 minutes)
	@echo "==> Tests, in random order on every core, with coverage: up to 11 minutes on 2 cores"
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n auto --maxprocesses 8 --dist loadgroup
	@# A process that a test kills may leave half a file, which is no loss.
	@$(BIN)/python -W ignore -m coverage combine --quiet && rm -f .coverage.*
	@$(BIN)/coverage report
	@# Its tests against an API server are not among these, and what is large must not hide what is small.
	@printf 'Of the operator alone, in percent: '
	@$(BIN)/coverage report --include='operator/*' --format=total

test-long: install ## Run the long forms (up to 90 minutes, resumable) and write docs/test-long.md
	@$(BIN)/python scripts/long_run.py $(CACHE)

chart: install ## Judge the chart by all that needs no cluster (up to 3 minutes; a minute more the first time)
	@echo "==> The chart under Helm 3.19 and 4.3, Kubernetes 1.33 to 1.37: up to 3 minutes on 2 cores"
	@$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadgroup -m "chart or not chart" tests/chart

bench: $(BENCH_INSTALLED) $(INFINITY_INSTALLED) ## Measure the serving of embeddings beside others and write docs/benchmarks.md (up to 20 minutes); fails where a row is missed
	@.venv-bench/bin/python -m benchmarks.serving $(CACHE) $(ARGUMENTS)

bench-full: install $(BENCH_INSTALLED) $(INFINITY_INSTALLED) $(MPNET) ## The same and all that takes longer, in the background (about 80 minutes, resumable); FOREGROUND=1 waits for it
	@.venv-bench/bin/python -m benchmarks.serving $(CACHE) --full $(if $(FOREGROUND),,--background) $(ARGUMENTS)

bench-gpu: $(BENCH_INSTALLED) $(MPNET) ## Measure the serving of embeddings on an NVIDIA GPU (up to 3 minutes)
	@.venv-bench/bin/python -m benchmarks.serving $(CACHE) --only gpu $(ARGUMENTS)

bench-index: $(BENCH_INSTALLED) ## Measure indexes and write docs/benchmarks-index.md (up to 40 minutes, resumable); FULL=1 embeds real sentences too
	@.venv-bench/bin/python -m benchmarks.index $(CACHE) $(if $(FULL),--sentences) $(ARGUMENTS)

bench-operator: install ## Measure the operator at 1,000 indexes and write docs/benchmarks-operator.md (up to 20 minutes; 6 more the first time)
	@$(BIN)/python -m benchmarks.operator $(CACHE) $(ARGUMENTS)

images: install ## Build the product's images; TARGETS names some
	@$(CLUSTER) images $(TARGETS)

cluster-up: install ## Bring up a Kubernetes to test on (20 seconds; up to 10 minutes the first time); ADD_ONS names some
	@$(CLUSTER) up $(ADD_ONS)

cluster-down: install ## Take it down and leave nothing behind
	@$(CLUSTER) down

cluster-status: install ## Say how it is
	@$(CLUSTER) status

cluster-shell: install ## A shell in its network, with kubectl; COMMAND runs one command instead
	@$(CLUSTER) shell -- $(COMMAND)

cluster-fault: install ## Break FAULT (kubelet, etcd, api-server, cut, slow, pod) of ON (node2) until Ctrl-C
	@$(CLUSTER) fault $(FAULT) $(ON)

test-cluster: install ## Test on a Kubernetes what needs one (up to 40 minutes; up to 70 the first time)
	@$(CLUSTER) test

test-cluster-all: install ## The same and more, each test by itself (up to 150 minutes, resumable); writes docs/test-cluster-all.md
	@$(CLUSTER) test --all

lint: install ## Check style, types and layers
	@echo "==> Style, types, layers: about 30 seconds"
	@$(BIN)/ruff format --check --quiet $(SOURCES)
	@$(BIN)/ruff check --quiet $(SOURCES)
	@$(BIN)/mypy $(SOURCES)
	@$(BIN)/lint-imports --no-logo

format: install ## Lay the code out and mend what can be mended
	@$(BIN)/ruff check --fix --quiet $(SOURCES)
	@$(BIN)/ruff format --quiet $(SOURCES)

docs: install ## Check the documentation: links, generated pages, examples of settings
	@$(BIN)/python -m pytest -q tests/contract

generate: install ## Write the pages that are made from code
	@PYTHONPATH=. $(BIN)/python scripts/generate.py

lock: $(UV) ## Compile requirements/ from pyproject.toml; UPGRADE=1 takes newer versions
	@scripts/lock $(UV) $(if $(UPGRADE),--upgrade)

install: $(INSTALLED) ## Bring .venv to the locked state (the other verbs do it for you)
	@:

clean: ## Remove what the verbs made in this checkout, .venv included
	@rm -rf .venv .venv-bench .venv-infinity .coverage .coverage.* .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .hypothesis dist

$(INSTALLED): | $(UV)
	@scripts/install $(UV) "$(PYTHON)" dev $@

$(BENCH_INSTALLED): | $(UV)
	@scripts/install $(UV) "$(PYTHON)" bench $@

$(INFINITY_INSTALLED): | $(UV)
	@scripts/install $(UV) "$(PYTHON)" bench-infinity $@ || echo "==> infinity-emb cannot be had here: its rows will say so"

$(MPNET): | $(UV) $(BENCH_INSTALLED)
	@scripts/install-mpnet $(UV) $(CURDIR)/.venv-bench/bin/python $(CACHE)/models

$(CACHE)/uv-%/bin/uv:
	@scripts/install-uv "$(PYTHON)" $(CACHE)/uv-$*
