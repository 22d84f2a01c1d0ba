#!/bin/sh
# One link of all that is in cpp/, in which GCC compares what has the same name in two places: two
# types, or a function declared in another way than it is defined, are errors.
set -eu
sh tools/configure.sh odr
cmake --build --preset odr
