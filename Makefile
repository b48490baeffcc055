# `make bench` and `make test` do all of their own set-up in .venv; Python 3.11 is all they need. With another one:
# `make test PYTHON=python3.13`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# Weights are no code: they are brought when asked for.
EXTRAS := $(filter-out requirements-weights.txt,$(wildcard requirements-*.txt))

# pip finds PyTorch's CPU build on one machine and its CUDA build on another, so that no hash fits both: the locks leave
# it out, and it comes last, from requirements.txt, with whatever CUDA packages its build needs.
LOCK := $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" --no-emit-package torch
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -q

.PHONY: bench test test-slow docs lock audit format clean

bench: $(VENV)/.core
	@$(BIN)/python -m bench run quick; code=$$?; \
	if [ $$code -ne 0 ] && [ $$code -ne 3 ]; then exit $$code; fi; \
	$(BIN)/python -m bench report --out reports/local && exit $$code

test: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadscope

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

# The reference pages, of recipes, commands and fields as the code has them.
docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

lock: $(VENV)/.dev
	$(LOCK) requirements.txt $(EXTRAS) -o requirements-all.lock
	$(LOCK) requirements.txt -c requirements-all.lock -o requirements.lock

# Known vulnerabilities of what is pinned; asks a service on the network, so it is no part of the tests.
audit: $(VENV)/.dev
	$(BIN)/uv tool run pip-audit@2.10.1 --strict --no-deps --disable-pip -r requirements-all.lock

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.core: requirements.txt requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --no-deps --require-hashes -r requirements.lock
	$(INSTALL) -r requirements.txt
	touch $@

$(VENV)/.dev: $(VENV)/.core $(EXTRAS) requirements-all.lock
	$(INSTALL) --no-deps --require-hashes -r requirements-all.lock
	$(INSTALL) -r requirements.txt $(addprefix -r ,$(EXTRAS))
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
