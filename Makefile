# Everything runs in .venv, which the first target that needs it makes. Once it is there, nothing asks the network.
# Another interpreter: make PYTHON=python3.13 test        One part of the suite: make test ARGS="-k moons"

PYTHON ?= python3
ARGS ?=
VENV := .venv
ifeq ($(OS),Windows_NT)
RUN := $(VENV)/Scripts/python
else
RUN := $(VENV)/bin/python
endif

.PHONY: help demo test check pictures bundle site site-serve benchmarks clean

help:
	@echo "make demo        train two small networks and draw them: python -m demos.tour"
	@echo "make test        run the test suite; with CI=true also what takes long"
	@echo "make check       ruff (lint and layout) and mypy --strict"
	@echo "make pictures    draw the pictures of the documentation anew"
	@echo "make bundle      one zip file with the workshop, for a room without network: dist/"
	@echo "make site        build the documentation, the playground and the workshop: out/site"
	@echo "make site-serve  show out/site in a browser, on this computer"
	@echo "make benchmarks  compare speed and memory with other engines (installs them)"
	@echo "make clean       remove .venv and everything that tools left behind; out/ stays"

demo: $(VENV)/with-demos
	$(RUN) -m demos.tour $(ARGS)

test: $(VENV)/with-test
	$(RUN) -m pytest -n auto --dist worksteal $(ARGS)

check: $(VENV)/with-test
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check --quiet .
	$(RUN) -m mypy

pictures: $(VENV)/with-demos
	$(RUN) -m demos.pictures $(ARGS)
	$(RUN) -m demos.architecture $(ARGS)
	$(RUN) -m demos.workshop.build
	$(RUN) -m demos.workshop poster --out demos/workshop/sheets

bundle: $(VENV)/with-pictures $(VENV)/with-notebook
	$(RUN) -m demos.workshop.bundle $(ARGS)

site: $(VENV)/with-site
	$(RUN) -m demos.site build $(ARGS)

site-serve: $(VENV)/with-site
	$(RUN) -m demos.site serve $(ARGS)

benchmarks: $(VENV)/with-demos $(VENV)/with-fast $(VENV)/with-peers
	$(RUN) -m demos.benchmarks $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One empty file an extra of setup.cfg says that it is installed, so that a second call starts at once.
$(VENV)/with-%: setup.cfg pyproject.toml | $(RUN)
	@echo "Installing chainrule[$*] in $(VENV); the first time this takes a few minutes ..."
	@$(RUN) -m pip install --quiet --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@

# The version is asked of Python itself, so that an old one answers in words and not with a SyntaxError later.
$(RUN):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "chainrule needs Python 3.11 or later and '$(PYTHON)' is not one:" \
	         "name another, as in  make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
