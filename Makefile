# Every command of the project. `make run` and `make test` work from a fresh clone.
# Paths are relative on purpose: the clone may lie in a folder with spaces or Chinese characters.
SHELL := /bin/sh
PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
DEMO ?= 1
PY := .venv/bin/python
APPS := cms courses caravan certificates
export PYTHON
export PYTHONUTF8 := 1

.PHONY: help install run test test-deep bench check format messages pictures vendor

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 14

install: ## Install what `make run` needs: system libraries, .venv, catalogues
	@sh deploy/install.sh

run: install ## Start everything on http://127.0.0.1:8000 (PORT=8001 HOST=0.0.0.0 DEMO=0)
	@PUBLIC_URL="$${PUBLIC_URL:-http://$(if $(filter 0.0.0.0 ::,$(HOST)),127.0.0.1,$(HOST)):$(PORT)}"; export PUBLIC_URL; \
	exec $(PY) manage.py serve --prepare --end-with-parent --port $(PORT) --host $(HOST) $(if $(filter 0,$(DEMO)),--no-demo,)

test: ## Install what the suite needs, then check and test everything
	@sh deploy/install.sh test
	@$(MAKE) --no-print-directory check
	@$(PY) tests/run.py $(ARGS)

test-deep: ## What takes longer: 10 000 examples a property, and the tests marked deep
	@sh deploy/install.sh test
	@$(MAKE) --no-print-directory check
	@HYPOTHESIS_PROFILE=deep $(PY) tests/run.py $(ARGS)

bench: install ## Measure the plain way and ours: NAME=export ARGS="--size 1000000"; without NAME the list
	@$(PY) manage.py bench $(NAME) $(ARGS)

check: install ## Format, lint, layers, types, migrations, templates, translations
	@sh deploy/check.sh

format: install ## Put the code into its one format
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format .

messages: install ## Collect new texts into the English catalogues, to be translated by hand
	@$(PY) deploy/messages.py update

pictures: ## Take the pictures of docs/month-of-a-planner.md anew (needs Chromium)
	@sh deploy/install.sh test
	@$(PY) deploy/pictures.py

vendor: install ## Renew the committed fonts and front-end files (needs npm and a network)
	@set -e; for script in deploy/vendor_*.py; do $(PY) "$$script"; done
