# `make run`, `make test`, `make lint`, `make dist`. Each installs what is missing, once.
VENV   := .venv
PYTHON ?= python3
STAMP  := $(VENV)/.installed
DISPLAY_LIBS := libegl1 libgl1 libxrender1
TEST_LIBS    := $(DISPLAY_LIBS) xvfb xauth xdotool

.PHONY: run setup test lint dist clean

run: setup
	@$(VENV)/bin/python -m app --or-render out/tour.mp4

setup: $(STAMP)
	@scripts/system-packages $(DISPLAY_LIBS)

test: setup
	@scripts/system-packages $(TEST_LIBS)
	@OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -q tests/app/window
	@OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -q -n 2 --dist loadfile --ignore tests/app/window

lint: $(STAMP)
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/pyright

# build/ goes first: setuptools would pack what an earlier build left there
dist: $(STAMP)
	@rm -rf build dist
	@$(VENV)/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@rm -rf build
	@ls dist

$(STAMP): pyproject.toml constraints.txt
	@scripts/system-packages --venv $(PYTHON)
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Rayverie into $(VENV) (a few minutes the first time)"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,dev]'
	@touch $@

clean: # not out/: worlds, films and training runs lie there
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis
