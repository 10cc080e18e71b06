# What a newcomer types. `make` alone prints the list.
#
# Everything is set up on first use and again when what it stands on changes: each stamp file below
# .venv/ says "this was installed", and depends on the files that say what to install.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Another interpreter: make dev PYTHON=python3.13. More words for a command: make test ARGS="-k token"
PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt

# A folder with a package.json has its packages in node_modules, one with a requirements.txt has an
# environment of its own below .venv/interop; each stamped with .installed.
INTEROP := $(patsubst %/package.json,%/node_modules/.installed,$(wildcard tests/interop/*/package.json tests/web/package.json)) \
           $(patsubst tests/interop/%/requirements.txt,$(VENV)/interop/%/.installed,$(wildcard tests/interop/*/requirements.txt))
GO_PROGRAMS := $(patsubst tests/interop/%/go.mod,$(VENV)/interop/%/client,$(wildcard tests/interop/*/go.mod))
PEERS := $(patsubst %/package.json,%/node_modules/.installed,$(wildcard benchmarks/peers/*/package.json)) \
         $(patsubst benchmarks/peers/%/requirements.txt,$(VENV)/peers/%/.installed,$(wildcard benchmarks/peers/*/requirements.txt))

.PHONY: help dev test interop faults check format bench docs constraints interop-setup clean

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: $(VENV)/.runtime  ## set everything up, then run Ostiary with demo data on this computer
	@exec $(BIN)/ostiary dev $(ARGS)

test: $(VENV)/.development interop-setup  ## set everything up, then run the whole test suite
	@scripts/proxies.sh
	@scripts/postgresql.sh
	@OSTIARY_BROWSER="$$(scripts/browser.sh)" $(BIN)/python -m pytest --numprocesses auto $(ARGS)

interop: $(VENV)/.development interop-setup $(GO_PROGRAMS)  ## run every client library, and write the compatibility table
	@scripts/apache.sh
	@OSTIARY_BROWSER="$$(scripts/browser.sh)" $(BIN)/python -m pytest --numprocesses auto -p tests.interop.table -m "" tests/interop $(ARGS)

faults: $(VENV)/.development  ## break things on purpose, and show that nothing is lost
	@scripts/postgresql.sh
	@$(BIN)/python -m pytest -p tests.faults.table -m faults $(ARGS) tests

check: $(VENV)/.development  ## lint, format, types and the layers of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/.development  ## repair what ruff can repair by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.development $(PEERS)  ## measure Ostiary against its peers, and as it grows
	@$(BIN)/python -m benchmarks $(ARGS)

docs: $(VENV)/.docs  ## build the documentation into build/docs
	@$(BIN)/zensical build --clean --strict $(ARGS)

constraints: $(VENV)/.created  ## renew constraints.txt with the newest versions
	@scripts/constraints.sh $(PYTHON)

interop-setup: $(INTEROP)  ## install the client libraries of tests/interop

clean:  ## remove what the other commands made (not your data)
	@rm -rf $(VENV) build dist site .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find src tests benchmarks \( -name __pycache__ -o -name node_modules \) -type d -prune -exec rm -rf {} +

$(VENV)/.created:
	@scripts/venv.sh $(PYTHON) $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.created pyproject.toml constraints.txt
	@echo "Installing Ostiary into $(VENV)"
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.development: $(VENV)/.runtime
	@echo "Installing the tools for tests and checks into $(VENV)"
	@$(INSTALL) --group dev
	@touch $@

$(VENV)/.docs: $(VENV)/.runtime
	@echo "Installing the documentation's tools into $(VENV)"
	@$(INSTALL) --group docs
	@touch $@

$(VENV)/interop/%/.installed: tests/interop/%/requirements.txt | $(VENV)/.development
	@scripts/python-packages.sh $(BIN)/python $< $(@D)

$(VENV)/peers/%/.installed: benchmarks/peers/%/requirements.txt | $(VENV)/.development
	@scripts/python-packages.sh $(BIN)/python $< $(@D)

$(VENV)/interop/%/client: tests/interop/%/client.go tests/interop/%/go.mod tests/interop/%/go.sum | $(VENV)/.development
	@scripts/go-program.sh $(<D) $@

# Not a failure without Node: the tests that need it say so themselves.
%/node_modules/.installed: %/package.json %/package-lock.json
	@scripts/node-packages.sh $*
