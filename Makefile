PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FUZZ_RUNS ?= 100000
FUZZ_SECONDS ?= 0
FUZZ_TARGETS ?= head chunked guard answer path negotiation router http2 llhttp
MINUTES ?= 30

.PHONY: lab test test-packages setup build cpp-test py-test lint coverage sanitize bench calibrate calibrate-costs \
  alerts mutants sweeps notebooks fuzz clean

lab: setup
	$(BIN)/sevenstops run --out out

# The system packages of the tests come while the package is built.
test: $(VENV)/.setup-lab
	@$(MAKE) --no-print-directory -j2 build test-packages
	@$(MAKE) --no-print-directory $(VENV)/.setup-test
	$(cpp_test)
	$(py_test)

# What a part of the work needs, installed when it is first used: tools/setup.sh says what.
$(VENV)/.setup-%: pyproject.toml tools/setup.sh
	PYTHON=$(PYTHON) sh tools/setup.sh $*
	touch $@
.PRECIOUS: $(VENV)/.setup-%

test-packages:
	@[ -e $(VENV)/.setup-test ] || sh tools/setup.sh test packages

setup: build

# Editable and incremental: the build tree is that of the preset `release`, ninja does the rest.
build: $(VENV)/.setup-lab
	@$(BIN)/pip install --quiet --no-build-isolation --no-deps -e .

cpp-test: build $(VENV)/.setup-test
	$(cpp_test)

py-test: build $(VENV)/.setup-test
	$(py_test)

define cpp_test
cmake --preset release >/dev/null
cmake --build --preset release
ctest --preset release
endef

define py_test
$(BIN)/python -m pytest -n 3 --dist loadfile -m "not alone"
$(BIN)/python -m pytest -m alone
endef

sanitize: $(VENV)/.setup-lab $(VENV)/.setup-test
	for preset in asan-ubsan tsan; do \
	  cmake --preset $$preset >/dev/null && cmake --build --preset $$preset && ctest --preset $$preset || exit 1; \
	done

lint: build $(VENV)/.setup-lint
	$(BIN)/pre-commit run --all-files

coverage: build $(VENV)/.setup-test $(VENV)/.setup-coverage
	sh tools/coverage.sh

bench: build $(VENV)/.setup-test $(VENV)/.setup-bench
	cmake --preset release >/dev/null
	cmake --build --preset release --target responder serializers
	$(BIN)/python tests/bench/main.py --out reports/bench.md

calibrate-costs: build $(VENV)/.setup-test
	$(BIN)/python tests/calibrate/main.py --out reports/calibration.md

# In batches: each goes on where the one before ended.
calibrate: build $(VENV)/.setup-test
	$(BIN)/python tests/calibrate/verdicts.py --minutes $(MINUTES)

# All of them, or those that MUTANTS names; goes on where it was stopped.
mutants: build $(VENV)/.setup-test
	PYTHONPATH=tests $(BIN)/python -m mutants.main --out reports/mutants.md $(MUTANTS)

sweeps: build
	$(BIN)/sevenstops sweep --out reports/sweeps-$$(nproc)-cores

notebooks: build $(VENV)/.setup-notebooks
	$(BIN)/python tools/notebooks.py

alerts: build $(VENV)/.setup-test
	$(BIN)/python tests/alerts/main.py --out reports/alerts.md

# FUZZ_RUNS executions of each target, or FUZZ_SECONDS of it, whichever end first (0 seconds: no
# bound). Each begins with the cases and keeps what it finds in build/fuzz/corpus.
fuzz: build $(VENV)/.setup-fuzz
	cmake --preset fuzz >/dev/null
	cmake --build --preset fuzz
	$(BIN)/python tests/fuzz/corpus.py build/fuzz/corpus
	for target in $(FUZZ_TARGETS); do \
	  build/fuzz/fuzz-$$target -runs=$(FUZZ_RUNS) -max_total_time=$(FUZZ_SECONDS) -max_len=8192 \
	    -print_final_stats=1 build/fuzz/corpus/$$target || exit 1; \
	done

clean:
	rm -rf build out
