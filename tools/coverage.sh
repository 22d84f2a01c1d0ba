#!/bin/sh
# Which lines the tests run: C++ by its own tests and by extension and service under the Python
# tests, Python by its tests. Prints a table by room, also when some tests failed, and ends with 1
# then. What is given goes to pytest: tools/coverage.sh tests/python
set -eu
tree="$PWD/build/coverage"
site="$tree/site"
python="$tree/venv/bin/python"
failed=""

sh tools/configure.sh coverage
# A test that doesn't compile leaves the others' lines to be counted.
cmake --build --preset coverage -- -k 0 || failed="$failed build"
find "$tree" -name '*.gcda' -delete
rm -rf "$site" "$tree/venv" "$tree"/python.*
ctest --preset coverage || failed="$failed ctest"

# The package of this tree, in an environment of its own that sees what the usual one has.
cmake --install "$tree" --prefix "$site" >/dev/null
ln -s "$PWD"/python/sevenstops/* "$site/sevenstops/"
.venv/bin/python -m venv --without-pip "$tree/venv"
outer=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
inner=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
printf '%s\n' "$site" "$outer" >"$inner/sevenstops.pth"
cat >"$tree/coveragerc" <<RC
[run]
source = $PWD/python/sevenstops
data_file = $tree/python.data
parallel = true
patch = subprocess
[report]
exclude_also = if TYPE_CHECKING:
RC
"$python" -m coverage run --rcfile="$tree/coveragerc" -m pytest -p no:cacheprovider "$@" ||
  failed="$failed pytest"
"$python" -m coverage combine --quiet --rcfile="$tree/coveragerc"
"$python" -m coverage json --quiet --rcfile="$tree/coveragerc" -o "$tree/python.json"
gcovr --root . --filter 'cpp/' -j "$(nproc)" --json-summary "$tree/cpp.json" "$tree"
.venv/bin/python tools/coverage_table.py "$tree/cpp.json" "$tree/python.json"
if [ -n "$failed" ]; then
  echo "these failed, and lines that only they run are missing above:$failed" >&2
  exit 1
fi
