#!/bin/sh
# Configures a preset, for the Python of the virtual environment: tools/configure.sh PRESET
set -eu
python="$PWD/.venv/bin/python"
cmake --no-warn-unused-cli --preset "$1" -DPython_EXECUTABLE="$python" -DPYTHON_EXECUTABLE="$python" \
  -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" >/dev/null
