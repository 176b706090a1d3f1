# WS-FCN for TensorFlow/Keras. `make help` lists the targets; each makes the environments it needs.

# The interpreter that the environments are made with: the first that runs, can make them, and is 3.10 or 3.11, else python3.
ifndef PYTHON
PYTHON := $(shell for python in python3.11 python3.10 python3; do \
	$$python -c 'import ensurepip, sys; sys.exit(not (3, 10) <= sys.version_info < (3, 12))' 2>/dev/null && \
	echo $$python && exit; done; echo python3)
endif

# On 3.12 or newer, requirements.txt itself asks for Keras 3, and TensorFlow 2.15 cannot be installed.
ONLY_KERAS3 := $(shell $(PYTHON) -c 'import sys; print("yes" if sys.version_info >= (3, 12) else "")' 2>/dev/null)
ENVIRONMENTS := .venv $(if $(ONLY_KERAS3),,.venv-keras3)

# How many tests run at a time; each worker holds a TensorFlow and up to 4 GB. One more than there are cores on a machine
# of two, as some tests wait for processes they have started.
WORKERS ?= 3

export TF_CPP_MIN_LOG_LEVEL = 2

# Where Python is told to keep no bytecode, every process that a test starts would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help test test-slow browser demo lint format clean

help:
	@echo 'make test       check style, and run the tests on TensorFlow 2.15 (.venv) and on current TensorFlow with Keras 3 (.venv-keras3)'
	@echo 'make test-slow  run the tests that take minutes, on both'
	@echo 'make demo       train and evaluate a small network on generated scenes, into runs/demo'
	@echo 'make lint       check style and formatting'
	@echo 'make format     repair them'
	@echo 'make clean      remove the environments and caches'
	@echo 'Add PYTHON=/path/to/python to choose the interpreter (now $(PYTHON)).'

# pytest ends with 5 where there is no test, as there may be no slow one.
test: MARKED = not slow
test-slow: MARKED = slow
test test-slow: $(ENVIRONMENTS:%=%/.installed) browser
	$(if $(ONLY_KERAS3),@echo '=== $(PYTHON) is 3.12 or newer: .venv holds Keras 3; TensorFlow 2.15 needs 3.10 or 3.11')
	@failed=; .venv/bin/ruff check --no-cache && .venv/bin/ruff format --no-cache --check || failed='style (make format)'; \
	for environment in $(ENVIRONMENTS); do \
		$$environment/bin/python -c 'from importlib.metadata import version; \
	print("=== $@ in '$$environment': TensorFlow", version("tensorflow"), "with Keras", version("keras"))'; \
		$$environment/bin/python -m pytest -m '$(MARKED)' -n $(WORKERS) -o cache_dir=$$environment/.pytest_cache || \
			test "$@ $$?" = 'test-slow 5' || \
			failed="$$failed $$environment ($$(cat $$environment/.pytest_cache/v/cache/lastfailed | tr -d '\n'))"; \
	done; test -z "$$failed" || { echo "=== FAILED: $$failed"; exit 1; }

# Ray is there for its slow tests only: it brings pandas, which Keras 3 imports with itself wherever it is installed.
test-slow: $(ENVIRONMENTS:%=%/.cluster)
%/.cluster: %/.installed requirements-cluster.txt
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-cluster.txt
	@touch $@

# For the tests of the report.
browser:
	@.ci/browser

demo: .venv/.installed
	.venv/bin/python -m wsfcn_tf demo --output runs/demo

lint: .venv/.installed
	.venv/bin/ruff check --no-cache
	.venv/bin/ruff format --no-cache --check

format: .venv/.installed
	.venv/bin/ruff check --no-cache --fix
	.venv/bin/ruff format --no-cache

clean:
	rm -rf .venv .venv-keras3 .pytest_cache .ruff_cache .hypothesis build *.egg-info
	find wsfcn_tf tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# An environment is whole if it holds .installed, which is made last: one without it is made anew.
.venv/.installed: requirements.txt $(if $(ONLY_KERAS3),requirements-keras-hub.txt)
.venv-keras3/.installed: requirements-keras3.txt requirements-keras-hub.txt
.venv/.installed .venv-keras3/.installed: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed: make PYTHON=...")'
	@echo '=== installing $^ into $(@D) (some minutes)'
	@test -f $@ || $(PYTHON) -m venv --clear $(@D)
	@rm -f $@
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check $(^:%=-r %)
	@touch $@
