# Everything runs from .venv; `make setup` builds it, and each target calls it first (a second is all it takes again).
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench chaos fuzz audit

PYTHON ?= python3
PORT ?= 8000
CRASHES ?= 5000
SECONDS ?= 600
ROUNDS ?= 16
EXAMPLES ?= 750
CALLS ?= 20000
INPUTS ?= 2500
SEED ?= 1
SERVICE ?= osv
# The machine's own interpreter does.
export UV_PYTHON_DOWNLOADS ?= never
RUN := .venv/bin/

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: ## Bootstrap uv into .venv and install exactly what uv.lock says
	@test -x .venv/bin/python && .venv/bin/python -c '' 2>/dev/null || { rm -rf .venv && $(PYTHON) -m venv .venv; }
	@.venv/bin/python -m uv --version >/dev/null 2>&1 || .venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'
	@mkdir -p var
	@.venv/bin/python -m uv sync --frozen --quiet --inexact --python .venv/bin/python

demo: setup ## Six stores that disagree, the engine and its pages, on http://127.0.0.1:$(PORT)
	$(RUN)python manage.py demo --port $(PORT)

# Files are shared out over one process more than there are processors, for some tests wait; each process has servers of
# its own. They start in the order of their names, so that the demo's minutes do not come last and alone.
test: setup ## All tests, on real servers
	$(RUN)pytest -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: setup ## ruff, mypy, who may import whom, and what migrations would stop
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)lint-imports
	$(RUN)python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(RUN)python -m tests.upgrade.lint

bench: setup ## The figures, as ratios from one run; kept in bench/ and README's table
	$(RUN)python -m tests.bench --keep

chaos: setup ## Crash an apply at every step (CRASHES), let rivals approve, kill all amid events (SECONDS), cut a host off (ROUNDS)
	$(RUN)pytest -m long
	$(RUN)python -m tests.chaos --runs $(CRASHES) --seed $(SEED)
	$(RUN)python -m tests.chaos.rivals
	$(RUN)python -m tests.chaos.events --seconds $(SECONDS) --seed $(SEED)
	$(RUN)python -m tests.chaos.cut_off --rounds $(ROUNDS) --seed $(SEED)

fuzz: setup ## Send five kinds of nonsense INPUTS times each, then call the API as its schema says and does not; SEED
	BAD_INPUTS=$(INPUTS) $(RUN)pytest tests/api/test_bad_input.py tests/properties/test_hostile.py
	FUZZ_EXAMPLES=$(EXAMPLES) FUZZ_LEAST=$(CALLS) SEED=$(SEED) $(RUN)pytest -s tests/api/test_fuzz.py

# Asks a service in the network, so that it is no part of lint or test; a package that it does not know fails too.
audit: setup ## Has any locked package a known hole? SERVICE is osv or pypi
	@.venv/bin/python -m uv export --frozen --quiet --no-emit-project --output-file var/requirements.txt >/dev/null
	.venv/bin/python -m uv tool run 'pip-audit>=2.10,<3' --requirement var/requirements.txt --require-hashes --disable-pip --strict --vulnerability-service $(SERVICE)
