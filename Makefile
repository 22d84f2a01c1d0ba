PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.sevenstops-setup
FUZZ_SECONDS ?= 60

.PHONY: lab test setup build cpp-test py-test lint sanitize bench calibrate sweeps notebooks fuzz clean

lab: setup
	$(BIN)/sevenstops run --out out

test: setup cpp-test py-test

setup: $(STAMP) build

$(STAMP): pyproject.toml tools/setup.sh
	PYTHON=$(PYTHON) sh tools/setup.sh
	touch $@

# Editable and incremental: scikit-build-core keeps its build tree, ninja does the rest.
build: $(STAMP)
	@$(BIN)/pip install --quiet --no-build-isolation --no-deps -e .

cpp-test: setup
	cmake --preset release >/dev/null
	cmake --build --preset release
	ctest --preset release

py-test: setup
	$(BIN)/python -m pytest

sanitize: setup
	for preset in asan-ubsan tsan; do \
	  cmake --preset $$preset >/dev/null && cmake --build --preset $$preset && ctest --preset $$preset || exit 1; \
	done

lint: setup
	$(BIN)/pre-commit run --all-files

bench: setup
	cmake --preset release >/dev/null
	cmake --build --preset release --target responder
	$(BIN)/python tests/bench/main.py --out reports/bench.md

calibrate: setup
	$(BIN)/python tests/calibrate/main.py --out reports/calibration.md

sweeps: setup
	$(BIN)/sevenstops sweep --out reports/sweeps-$$(nproc)-cores

notebooks: setup
	$(BIN)/python tools/notebooks.py

fuzz: setup
	cmake --preset fuzz >/dev/null
	cmake --build --preset fuzz
	for target in head chunked answer path; do \
	  build/fuzz/fuzz-$$target -max_total_time=$(FUZZ_SECONDS) -max_len=8192 || exit 1; \
	done

clean:
	rm -rf build out
