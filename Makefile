PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.sevenstops-setup

.PHONY: lab test setup build cpp-test py-test lint sanitize bench clean

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

sanitize:
	for preset in asan-ubsan tsan; do \
	  cmake --preset $$preset >/dev/null && cmake --build --preset $$preset && ctest --preset $$preset || exit 1; \
	done

lint: setup
	$(BIN)/ruff check python tests
	$(BIN)/ruff format --check python tests
	$(BIN)/mypy
	git ls-files '*.hpp' '*.cpp' | xargs clang-format --dry-run --Werror

bench: setup
	$(BIN)/python tests/bench_healthz.py

clean:
	rm -rf build out
