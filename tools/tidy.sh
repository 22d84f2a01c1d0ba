#!/bin/sh
# clang-tidy over the sources given, on all processors; their headers are looked at with them.
# The flags in the build trees are GCC's, some of which clang does not know.
set -eu
cmake --preset release >/dev/null
# The extension's own build tree is the one that knows where pybind11 is.
extension=$(dirname "$(ls -t build/cp*/compile_commands.json | head -n 1)")

tidy() {
  xargs -r -P "$(nproc)" -n 1 clang-tidy --quiet --extra-arg=-Wno-unknown-warning-option \
    --extra-arg=-Wno-ignored-optimization-argument -p "$1"
}
sources=$(printf '%s\n' "$@" | grep '\.cpp$' | grep -v '^tests/fuzz/libfuzzer\.cpp$')
printf '%s\n' "$sources" | grep '^cpp/' | tidy "$extension"
printf '%s\n' "$sources" | grep '^tests/' | tidy build/release
