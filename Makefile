# The short front door; CMake does the building. `make help` lists the targets.

PREFIX ?= /usr/local
JOBS ?= $(shell nproc 2>/dev/null || echo 1)
WERROR ?= ON
TIER ?= all
MATCH ?=
PLUGIN ?= cpu
PEERS ?= all
QUICK ?=

MAKEFLAGS += --no-print-directory

# Scripts leave nothing behind in the tree.
export PYTHONDONTWRITEBYTECODE = 1

# Under sudo only installing needs root; see tools/as-user.
RUN := tools/as-user
FETCH = $(RUN) tools/fetch_plugins.py $(PLUGIN) | cut -f 2
SIM := build/sim/libpjrt_sim.so
BUILD = $(RUN) cmake --build $(1) --parallel $(JOBS)
HEAVY_BUILDS := asan tsan clang fuzz

.DEFAULT_GOAL := build
.PHONY: build demo test test-all bench install docs format lint clean help \
  bootstrap

build: build/Makefile  ## Build the library, the command, examples and tests
	@$(call BUILD,build)

demo: bootstrap-demo build/Makefile  ## Classify real handwritten digits
	@$(call BUILD,build) --target example_digits pjrt_cli \
	$(if $(filter sim,$(PLUGIN)),pjrt_sim)
	@plugin="$(if $(filter sim,$(PLUGIN)),$(SIM),$$($(FETCH)))" && \
	$(RUN) build/examples/digits --plugin "$$plugin" models/digits

test: bootstrap build  ## Tests that need the CPU plugin alone
	@$(RUN) tools/run_tests.py --tier quick --match '$(MATCH)' build

test-all: bootstrap-all build $(HEAVY_BUILDS:%=build-%)  ## Every test
	@PJRT_TEST_PYTHON=$$($(RUN) tools/venv oracle) $(RUN) \
	tools/run_tests.py --tier $(TIER) --match '$(MATCH)' \
	build $(HEAVY_BUILDS:%=build/%)

bench: bootstrap build/Makefile  ## Measure against bare calls and peers
	@$(call BUILD,build) --target bench pjrt_sim
	@plugin=$$($(RUN) tools/fetch_plugins.py cpu | cut -f 2) && \
	$(RUN) bench/run.py --plugin "$$plugin" --match '$(MATCH)' \
	--peers '$(PEERS)' $(if $(QUICK),--quick) build

install: build  ## Install under PREFIX (/usr/local)
	@$(RUN) touch build/install_manifest.txt
	@cmake --install build --prefix '$(PREFIX)'

docs:  ## Write the API reference as HTML (needs Doxygen)
	@command -v doxygen >/dev/null || { \
	echo "make docs needs Doxygen (Debian: apt-get install doxygen)" >&2; \
	exit 1; }
	@$(RUN) mkdir -p build/reference && $(RUN) doxygen docs/Doxyfile
	@echo "build/reference/html/index.html"

format:  ## Lay out the C sources with clang-format-19
	@find src include sim cli examples bench tests -name '*.[ch]' -print | \
	xargs grep -L '^/\* Generated' | xargs $(RUN) clang-format-19 -i

lint: build  ## Look for suspicious code with clang-tidy-19
	@$(RUN) python3 tests/structure/test_lint.py

clean:  ## Remove everything built
	rm -rf build

help:  ## List the targets
	@echo "libpjrt, the C library for PJRT. Targets:"
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 18
	@echo "Variables: JOBS, PREFIX, WERROR=OFF, MATCH=TEXT (tests by name)"
	@echo "  PLUGIN=sim (make demo without a download)"
	@echo "  QUICK=1, PEERS=none, MATCH=TEXT (make bench)"

bootstrap:
	@tools/bootstrap test

# The simulated plugin needs no download.
.PHONY: bootstrap-demo
bootstrap-demo:
	@tools/bootstrap $(if $(filter sim,$(PLUGIN)),sim,demo)

.PHONY: bootstrap-all $(HEAVY_BUILDS:%=build-%)
bootstrap-all:
	@tools/bootstrap all

$(HEAVY_BUILDS:%=build-%): build-%: build/%/Makefile
	@$(call BUILD,build/$*)

# The build folders; CMake itself sees to changes in its lists.
build/Makefile: CMakePresets.json
	@$(RUN) cmake --preset release -DPJRT_WERROR=$(WERROR)
	@$(RUN) touch $@

build/%/Makefile: CMakePresets.json
	@$(RUN) cmake --preset $* -DPJRT_WERROR=$(WERROR)
	@$(RUN) touch $@

# The order of prerequisites matters; CMake's builds are the parallel part.
.NOTPARALLEL:
