# Every task of the project. `make test` and `make demo` start from nothing.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COUNTERPARTS := .counterparts
.DEFAULT_GOAL := help

# The counterparts that tests speak to; without them those tests skip and say so.
PACKAGES := dmtx-utils gpgsm ldap-utils opensc opensc-pkcs11 openssl poppler-utils postfix python3-venv slapd softhsm2 swaks xmlsec1
.PHONY: help demo test check fix soak bench packages counterparts lock clean

help: ## list the tasks
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.installed: requirements.lock pyproject.toml
	@# One that another Python left behind is made anew.
	@$(PYTHON) -m venv $(VENV) || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(COUNTERPARTS)/.installed: tests/locks/counterparts.lock tests/locks/package-lock.json
	@# Node.js comes from PyPI too: Debian's is too old for what package.json names.
	@$(PYTHON) -m venv --clear $(COUNTERPARTS)
	$(COUNTERPARTS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/locks/counterparts.lock
	cp tests/locks/package.json tests/locks/package-lock.json $(COUNTERPARTS)/
	cd $(COUNTERPARTS) && PATH="$$PWD/bin:$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

demo: $(VENV)/.installed ## from nothing to a story in the terminal: hospital, doctors, operators, a prescription, a hub
	@$(BIN)/hub demo

test: $(VENV)/.installed $(COUNTERPARTS)/.installed check ## check the code, then run every test
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.installed ## ruff, mypy, import contracts, docstrings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/interrogate -q hub

fix: $(VENV)/.installed ## let ruff repair what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

soak: $(VENV)/.installed ## the long tests: 200 kills under load, networks and disks that fail
	KILLS=200 $(BIN)/python -m pytest -q --timeout=7200 tests/system/test_kill.py
	SOAK=20 $(BIN)/python -m pytest -q --timeout=7200 tests/system/test_faults.py tests/system/test_outages.py

bench: $(VENV)/.installed ## messages per second beside Postfix (root, Postfix) and beside hand-written HTTP clients
	$(BIN)/python -m bench.relay
	$(BIN)/python -m bench.http
	$(BIN)/python -m bench.prescriptions

packages: ## install the Debian packages that the system tests need (as root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PACKAGES)

counterparts: $(COUNTERPARTS)/.installed ## install the HTTP operators and clients that tests speak to, apart from the hub

lock: ## resolve the locks again (needs uv and npm)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	uv pip compile tests/locks/counterparts.in --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header -o tests/locks/counterparts.lock
	cd tests/locks && npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

clean: ## remove what the tasks made
	rm -rf $(VENV) $(COUNTERPARTS) .mypy_cache .ruff_cache .pytest_cache .hypothesis
