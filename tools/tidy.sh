#!/bin/sh
# clang-tidy over the sources given, on all processors; their headers are looked at with them.
# The flags in the build tree are GCC's, some of which clang does not know; what only the fuzz build
# has isn't there. GCC's precompiled headers clang can't read, and without them it also says which
# source lacks an include.
set -eu
sh tools/configure.sh release
mkdir -p build/tidy
sed 's/-Winvalid-pch -include [^ ]*cmake_pch.hxx//' build/release/compile_commands.json >build/tidy/compile_commands.json

printf '%s\n' "$@" | grep '\.cpp$' | grep -Ev '^tests/fuzz/(libfuzzer|llhttp)\.cpp$' |
  xargs -r -P "$(nproc)" -n 1 clang-tidy --quiet -p build/tidy \
    --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument
