# The two commands that matter are `make demo` and `make test`; both make what they need.
# Everything lives in .venv; delete it to start afresh.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
WORKERS ?= 2
# `make test` waits for processes and for clocks: one more worker than processors, and none is idle.
AND_ONE := $(shell expr $(WORKERS) + 1)
HISTORIES ?= 1000
SEED ?= 1
KILLS ?= 50
DASK_KILLS ?= 50
STORIES ?= 100
UNTRUE ?= 5000
UDATAS := $(shell ls tests/real_portal/constraints | sed -n 's/^\([0-9].*\)\.txt$$/\1/p' | sort -V)
UDATA ?= $(lastword $(UDATAS))
# What looks for whatever keeps people from using a page; its version decides what it finds.
AXE := 4.14.1
AXE_HERE := .browser/node_modules/axe-core/axe.min.js
# All there is to see on a udata that is too old.
REFUSED := tests/portals/test_versions.py

# Commands that the tests start would be compiled anew each time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-quick test-dask test-real test-browser axe test-portals coverage chaos check messages format bench bench-quick bench-cost .real-portal wheel docs clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: $(VENV)/.installed ## Publish 66 real files to a portal of your own, and look at it
	@$(BIN)/bulkpub demo

test: $(VENV)/.installed-dev ## Run the tests; a few minutes
	@echo "Running the tests..."
	@$(BIN)/python -m pytest -m "not real and not browser and not cluster" -n $(AND_ONE) --dist worksteal $(ARGS)

test-quick: $(VENV)/.installed-dev ## Run those that start no portal and no process; under a minute
	@HYPOTHESIS_EXAMPLES=10 $(BIN)/python -m pytest -m "not real and not served and not browser" -n $(WORKERS) --dist worksteal $(ARGS)

test-dask: $(VENV)/.installed-dev ## Run those that need a Dask cluster, and those of the pipeline on one; a few minutes
	@echo "Running the tests on a Dask cluster..."
	@HYPOTHESIS_EXAMPLES=20 $(BIN)/python -m pytest -m cluster --engine dask -n $(WORKERS) --dist worksteal $(ARGS)

coverage: $(VENV)/.installed-dev ## Run the tests and tell what they leave out; takes twice as long
	@$(MAKE) --no-print-directory test ARGS="--cov --cov-report=term $(ARGS)"

test-real: $(VENV)/.installed-dev ## Run the tests that need a real udata, installed from PyPI: UDATA=17.18.0
	@echo "Preparing udata $(UDATA) in .real-portal (once; about a minute)..."
	@PYTHON=$(PYTHON) tests/real_portal/install.sh $(UDATA) .real-portal
	@echo "Running the tests against it..."
	@BULKPUB_REAL_PORTAL_VENV=$(CURDIR)/.real-portal/$(UDATA) \
	  $(BIN)/python -m pytest -m real -n $(WORKERS) --dist worksteal $(ARGS)

test-browser: $(VENV)/.installed-dev $(AXE_HERE) ## Look at all pages in Chromium, which must be installed, as npm must be
	@BULKPUB_BROWSER_WANTED=1 $(BIN)/python -m pytest -m browser $(ARGS)

axe: $(AXE_HERE) # what test-browser needs of npm's registry

$(AXE_HERE):
	@command -v npm >/dev/null || { echo "make test-browser needs npm: apt-get install npm"; exit 1; }
	@echo "Installing axe-core $(AXE) in .browser (once)..."
	@npm install --silent --no-save --no-audit --no-fund --prefix .browser axe-core@$(AXE)

test-portals: ## Run them on every version of udata that is known; takes about an hour
	@failed=; for version in $(UDATAS); do args='$(ARGS)'; \
	  case $$version in 9.*) args=$(REFUSED);; esac; \
	  $(MAKE) --no-print-directory test-real UDATA=$$version ARGS="$$args" || failed="$$failed $$version"; \
	done; [ -z "$$failed" ] || { echo "Failed on udata$$failed."; exit 1; }

chaos: $(VENV)/.installed-dev ## Run long random histories with faults and kills: HISTORIES=1000 SEED=1
	@$(BIN)/python tests/chaos/run.py --histories $(HISTORIES) --machine $(STORIES) --seed $(SEED) --kills $(KILLS) --dask-kills $(DASK_KILLS) --untrue $(UNTRUE)

check: $(VENV)/.installed-dev ## Lint, types, import contracts: fast
	@echo "Checking style, types and imports..."
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tests/language/catalogue.py check

messages: $(VENV)/.installed-dev ## Bring the catalogues of messages up to date with what is said
	@$(BIN)/python tests/language/catalogue.py update

format: $(VENV)/.installed-dev ## Put the code in the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.installed-dev .real-portal ## Beside curl and the official client, and by itself; 20 minutes: ARGS="--only WORK"
	@$(BIN)/python benchmarks/bench.py $(ARGS)

bench-quick: $(VENV)/.installed-dev .real-portal ## The same in small, to see what a change does; three minutes
	@$(BIN)/python benchmarks/bench.py --quick $(ARGS)

bench-cost: $(VENV)/.installed-dev ## What a small file costs bulkpub itself, into a sink
	@$(BIN)/python benchmarks/bench.py --only cost $(ARGS)

.real-portal:
	@[ -n "$(BULKPUB_REAL_PORTAL_VENV)" ] || PYTHON=$(PYTHON) tests/real_portal/install.sh $(UDATA) .real-portal

wheel: $(BIN)/python ## Build the package in dist/, and see that it works on its own
	@rm -rf dist && $(PIP) wheel --quiet --no-deps --wheel-dir dist .
	@$(PYTHON) -m venv dist/.tried
	@dist/.tried/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt \
	  "$$(ls dist/*.whl)[spreadsheets]"
	@cd dist && .tried/bin/python -I ../tests/docs/wheel_check.py && rm -r .tried
	@ls dist/*.whl

docs: $(VENV)/.installed-docs ## Write the documentation as a site to .site/; dead links and pages without a place fail
	@$(BIN)/zensical build --clean --strict
	@$(BIN)/python tests/docs/site_check.py .site
	@echo "Look at it: .site/index.html"

clean: ## Remove the virtual environment and all caches
	@rm -rf $(VENV) .site .browser .cache dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "bulkpub needs Python 3.11 or later; say which with: make PYTHON=python3.11 ..."; exit 1; }
	@echo "Creating a virtual environment in $(VENV)..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing bulkpub into $(VENV) (once; under a minute)..."
	@$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing bulkpub and its test tools into $(VENV) (once; about a minute)..."
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-docs: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what makes the site into $(VENV) (once)..."
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[docs]'
	@touch $@
