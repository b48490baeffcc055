# `make bench` and `make test` do all of their own set-up in .venv; Python 3.11 is all they need.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := $(wildcard requirements-*.txt)

.PHONY: bench test test-slow format clean

bench: $(VENV)/.core
	@$(BIN)/python -m bench run quick; code=$$?; \
	if [ $$code -ne 0 ] && [ $$code -ne 3 ]; then exit $$code; fi; \
	$(BIN)/python -m bench compare && $(BIN)/python -m bench report --out reports/local && exit $$code

test: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.core: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt
	touch $@

$(VENV)/.dev: $(VENV)/.core $(EXTRAS)
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt $(addprefix -r ,$(EXTRAS))
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
