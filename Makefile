# SPDX-License-Identifier: MIT
#
# `make demo` and `make test` do everything that a fresh machine needs; what is
# done once leaves a stamp in build/stamps/.

ABIS := 5.1 5.2 5.3 5.4
STAMPS := build/stamps
ROCKS := $(ABIS:%=$(STAMPS)/rock-%)
SYSTEM := $(STAMPS)/system-demo $(STAMPS)/system-test $(STAMPS)/system-lint
PYTHON_PACKAGES := $(STAMPS)/python-packages
LINT_PACKAGES := $(STAMPS)/lint-packages
SERVICE_PACKAGES := $(STAMPS)/services-packages
SPARK_PACKAGES := $(STAMPS)/spark-packages
SANITIZED := $(STAMPS)/sanitized-5.1 $(STAMPS)/sanitized-5.4

# Folders count as well: their time changes when a file goes.
SOURCES := CMakeLists.txt rockspec/lua-py-scm-1.rockspec \
	$(shell find csrc lua python/pyhelper -name __pycache__ -prune -o -print)

IN_TREE := .venv/bin/python scripts/environment.py
RUN_TESTS := .venv/bin/python scripts/run_tests.py
BENCH := $(IN_TREE) build/bench/venv/bin/python

# LuaRocks builds every ABI in one folder, and apt and pip go one by one.
.NOTPARALLEL:
# Not ours to hand down: cmake gets its own number of jobs.
unexport MAKEFLAGS MFLAGS
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
# A file may go, or come, while make looks.
$(SOURCES): ;

.PHONY: help
help: ## list the targets (this one)
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile
	@echo
	@echo '  PYTHON=/path/to/python3   make .venv with this Python (3.9 to 3.13)'
	@echo '  FULL=1                    make test: all specs on every Lua with every Python'
	@echo '  LUAPY_TORCH7=PREFIX       make test: what can run on real Torch7 on the one there as well'

.PHONY: demo
demo: $(STAMPS)/system-demo $(PYTHON_PACKAGES) $(STAMPS)/rock-5.1 ## set up, build, and run the main job
	@$(IN_TREE) luajit examples/demo.lua

.PHONY: test
test: $(STAMPS)/system-test $(PYTHON_PACKAGES) $(SERVICE_PACKAGES) $(ROCKS) ## set up, build, and run all tests
	@scripts/install_python.sh matrix
	@$(RUN_TESTS) --matrix --pytest

.PHONY: wheel
wheel: $(STAMPS)/system-test ## build an sdist, a wheel from it, and test that in a venv of its own
	@scripts/check_wheel.sh

.PHONY: spark
spark: $(STAMPS)/system-test $(PYTHON_PACKAGES) $(SPARK_PACKAGES) $(STAMPS)/rock-5.1 ## run the example with PySpark, which is large and needs Java
	@$(IN_TREE) python -m pytest -q -rs python/tests/test_service_examples.py -k pyspark

.PHONY: build
build: $(STAMPS)/system-test $(ROCKS) ## build the rock for every Lua into .tree/

.PHONY: env
env: ## print shell commands: eval "$$(make -s env)"
	@test -d .venv -a -d .tree || { echo 'lua-py: run make demo or make test first' >&2; exit 1; }
	@.venv/bin/python scripts/environment.py

.PHONY: lint
lint: $(STAMPS)/system-lint $(LINT_PACKAGES) ## check layers, C warnings, Lua and Python style
	@scripts/lint.sh

.PHONY: asan
asan: $(STAMPS)/system-test $(PYTHON_PACKAGES) $(SANITIZED) ## run the specs with address and undefined-behaviour checks
	@$(RUN_TESTS) --tree .tree-asan --sanitized --lua luajit --lua lua5.4

.PHONY: leaks
leaks: $(STAMPS)/system-test $(PYTHON_PACKAGES) $(STAMPS)/rock-5.4 ## look for memory of the C code that nobody frees
	@$(IN_TREE) scripts/leaks.sh

.PHONY: bench bench-check bench-scale bench-count
bench: bench-ready ## measure every operation beside its floor, native Python and lupa
	@$(BENCH) bench/run.py

bench-check: bench-ready ## the same, and fail where a goal is not met
	@$(BENCH) bench/run.py --check

bench-scale: bench-ready ## curves: cost per element, dimension, live reference, runtime, thread
	@$(IN_TREE) luajit bench/scale.lua

bench-count: bench-ready ## count instructions with valgrind (ROWS='call 0;ref.attr')
	@$(BENCH) bench/count.py

.PHONY: bench-ready
bench-ready: $(STAMPS)/system-test $(PYTHON_PACKAGES) $(STAMPS)/rock-5.1
	@bench/prepare.sh

.PHONY: clean
clean: ## remove everything that was built or installed here
	rm -rf build build.luarocks .tree .tree-asan .venv .venvs

$(SYSTEM): $(STAMPS)/system-%: scripts/install_system.sh scripts/probe_python.py
	@scripts/install_system.sh $*
	@touch $@

# Another PYTHON= than the last time: look again.
ifeq ($(origin PYTHON),command line)
$(SYSTEM): FORCE
endif
.PHONY: FORCE
FORCE:

$(PYTHON_PACKAGES): requirements.txt scripts/install_python.sh $(STAMPS)/python | $(STAMPS)/system-demo
	@scripts/install_python.sh main
	@touch $@

$(LINT_PACKAGES): requirements-dev.txt $(PYTHON_PACKAGES)
	@scripts/install_python.sh lint
	@touch $@

$(SERVICE_PACKAGES) $(SPARK_PACKAGES): $(STAMPS)/%-packages: requirements-%.txt $(PYTHON_PACKAGES)
	@scripts/install_python.sh $*
	@touch $@

# Written by install_system.sh.
$(STAMPS)/python: | $(STAMPS)/system-demo ;

$(ROCKS): $(STAMPS)/rock-%: $(SOURCES) scripts/build_rock.sh | $(STAMPS)/system-demo
	@scripts/build_rock.sh $*
	@touch $@

$(SANITIZED): $(STAMPS)/sanitized-%: $(SOURCES) scripts/build_sanitized.sh | $(STAMPS)/system-test
	@scripts/build_sanitized.sh $*
	@touch $@
