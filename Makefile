# The same commands for users, contributors and CI. `make` alone says what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# One process for each core, each with a lab of its own. `make hosts SPREAD=` runs all in one.
SPREAD ?= -n auto --maxprocesses=4 --dist loadfile

.PHONY: help install demo test check unit hosts docs lock bench clean

help:
	@echo "make install   everything in .venv, from hashed locks"
	@echo "make demo      from nothing to two confirmed GPU hosts (Linux, root; DEMO_FLAGS=-y asks nothing)"
	@echo "make test      what CI runs: check, unit, property, engine and hosts tests"
	@echo "make check     ruff, mypy --strict, import-linter"
	@echo "make bench     what a look costs per host (Linux, root); python -m bench load: what loading costs, fuzz: what breaks it"
	@echo "make docs      docs/inventory.md, docs/codes.md and the report's JSON Schema, made from the models and the codes"
	@echo "make lock      renew requirements.txt from pyproject.toml"

install: $(STAMP)
	@echo "next: $(BIN)/fleet init my-fleet   (or, as root: make demo)"

$(STAMP): requirements.txt pyproject.toml
	@sh .ci/python-check "$(PYTHON)"
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@echo "installing into $(VENV) from requirements.txt (hashes checked) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo:
	@sh lab/demo.sh $(DEMO_FLAGS)

test: check unit hosts

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(STAMP)
	$(BIN)/pytest -q tests/unit tests/property tests/engine

# The lab's tests skip, and say why, where there is no root or a tool is missing; with CI=true they fail instead.
hosts: $(STAMP)
	$(BIN)/pytest -q $(SPREAD) tests/hosts

# Read whole into the shell first, so that an error leaves the pages as they were.
docs: $(STAMP)
	@inventory=$$($(BIN)/python -m schema.reference) && codes=$$($(BIN)/python -m schema.codes.page) && \
	  report=$$($(BIN)/python -m fleet.report.document) && printf '%s\n' "$$inventory" > docs/inventory.md && \
	  printf '%s\n' "$$codes" > docs/codes.md && printf '%s\n' "$$report" > docs/drift-report.schema.json
	@git status --short docs/inventory.md docs/codes.md docs/drift-report.schema.json 2>/dev/null || true

bench: $(STAMP)
	$(BIN)/python -m bench

# No index, no extra links: the lock names packages and hashes only, and the machine's own configuration says where from.
lock: $(STAMP)
	$(BIN)/uv pip compile --quiet pyproject.toml --extra lab --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate $(LOCK_FLAGS) -o requirements.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
