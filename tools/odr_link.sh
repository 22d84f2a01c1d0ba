#!/bin/sh
# Runs the link of tools/odr.sh: tools/odr_link.sh OUTPUT COMMAND... Whatever GCC warns of is an error,
# but for the frames of coroutines that stand in a header: GCC numbers what it keeps in them anew in
# each object, and takes the numbers for a difference.
set -eu
output=$1
shift
status=0
LC_ALL=C "$@" -o "$output" 2>"$output.log" || status=$?
# A warning and the notes that belong to it, up to the next warning.
awk '
  /: warning: / { shown = !/ \x27struct _Z[^\x27]*\.Frame\x27 violates / }
  shown
' "$output.log" >"$output.found"
if [ "$status" != 0 ]; then
  cp "$output.log" "$output.found"
fi
if [ -s "$output.found" ]; then
  cat "$output.found" >&2
  rm -f "$output"
  exit 1
fi
