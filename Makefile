# SPDX-License-Identifier: MIT
#
# `make demo` and `make test` do everything that a fresh machine needs; what is
# done once leaves a stamp in build/stamps/.

ABIS := 5.1 5.2 5.3 5.4
STAMPS := build/stamps
ROCKS := $(ABIS:%=$(STAMPS)/rock-%)
SYSTEM := $(STAMPS)/system-demo $(STAMPS)/system-test $(STAMPS)/system-lint

# Folders count as well: their time changes when a file goes.
SOURCES := CMakeLists.txt rockspec/lua-py-scm-1.rockspec scripts/build_rock.sh \
	$(shell find csrc lua python/pyhelper -name __pycache__ -prune -o -print)

# LuaRocks builds every ABI in one folder, and apt and pip go one by one.
.NOTPARALLEL:
# Not ours to hand down: cmake gets its own number of jobs.
unexport MAKEFLAGS MFLAGS

.PHONY: help
help: ## list the targets (this)
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

.PHONY: build
build: $(STAMPS)/system-test $(ROCKS) ## build the rock for every Lua into .tree/

$(ROCKS): $(STAMPS)/rock-%: $(SOURCES) | $(STAMPS)/system-demo
	@scripts/build_rock.sh $*
	@touch $@

$(SYSTEM): $(STAMPS)/system-%: scripts/install_system.sh scripts/probe_python.py
	@scripts/install_system.sh $*
	@touch $@

.PHONY: clean
clean: ## remove everything that was built or installed here
	rm -rf build build.luarocks .tree .tree-asan .venv .venvs
