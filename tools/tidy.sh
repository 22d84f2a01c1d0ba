#!/bin/sh
# clang-tidy over the sources given, on all processors; their headers are looked at with them.
# The flags in the build tree are GCC's, some of which clang does not know; what only the fuzz build
# has isn't there. GCC's precompiled headers clang can't read, and without them it also says which
# source lacks an include. What is compiled in batches is looked at in batches: for a test that is so
# only where nothing before it in its batch has the include.
set -eu
sh tools/configure.sh release
mkdir -p build/tidy
sed 's/-Winvalid-pch -include [^ ]*cmake_pch.hxx//' build/release/compile_commands.json >build/tidy/compile_commands.json

# Of batches that were, CMake leaves some behind.
batches=$(grep -o '"[^" ]*/Unity/[^" ]*[.]cxx"' build/tidy/compile_commands.json | tr -d '"' | sort -u)
batch_of() {
  grep -lsF "\"$PWD/$1\"" $batches /dev/null || echo "$1"
}

printf '%s\n' "$@" | grep '\.cpp$' | grep -Ev '^tests/fuzz/(libfuzzer|llhttp)\.cpp$' |
  while read -r source; do batch_of "$source"; done | sort -u |
  xargs -r -P "$(nproc)" -n 1 clang-tidy --quiet -p build/tidy \
    --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument
