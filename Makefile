# Needs Python 3.11 or newer, make and git; everything else is installed into .venv.
PYTHON  ?= python3
PROFILE ?= quick
WORKERS ?= 2
VENV    := .venv
BIN     := $(VENV)/bin
READY   := $(VENV)/.installed
TESTS   := OMP_NUM_THREADS=1 $(BIN)/pytest -q --doctest-modules degrade ispl_model benchmark tests \
           --numprocesses $(WORKERS) --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help install check format test test-fast bench tables clean

help:  ## print this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(READY)  ## create .venv and install the project, editable, with everything it needs

# Python finds its modules through the editable install; the stamp is newer than the files it read. OpenCV comes last:
# pyiqa brings its build for screens too, which needs libGL, writes the same files, and may be what was written last.
$(READY): setup.cfg pyproject.toml requirements-degrade.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/pip uninstall --quiet --yes opencv-python opencv-python-headless
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-degrade.txt
	@touch $@

check: $(READY)  ## lint, format, types and import direction; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_import_direction.py

format: $(READY)  ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: $(READY)  ## the whole test suite and the examples in docstrings; no network, no GPU; faces and weights by environment
	$(TESTS)

test-fast: $(READY)  ## as test, without what is marked slow
	$(TESTS) -m "not slow"

bench: $(READY)  ## speed and memory beside what is asked; SUITE=disk|workers|memory|..., JSON=FILE, PAGE=FILE
	$(BIN)/python -m tests.bench $(SUITE) $(if $(JSON),--json $(JSON)) $(if $(PAGE),--page $(PAGE))

# quick computes every number; other profiles only render what results/ holds, unless RUN=1.
tables: $(READY)  ## Tables 1-3 (PROFILE=quick|lite|paper; RUN=1 computes what is missing)
ifneq ($(filter quick,$(PROFILE))$(filter 1,$(RUN)),)
	$(BIN)/benchmark reproduce --profile $(PROFILE) --workers $(WORKERS)
endif
	$(BIN)/benchmark tables --profile $(PROFILE)

clean:  ## remove .venv and caches; runs/ (splits, checkpoints) and results/ stay
	rm -rf $(VENV) *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
