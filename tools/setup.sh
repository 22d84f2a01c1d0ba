#!/bin/sh
# Brings what is missing on Debian or Ubuntu: system packages, a virtual environment, the package.
set -eu

boost=libboost1.81-dev
if ! apt-cache show "$boost" >/dev/null 2>&1; then
  # Ubuntu names its own version; 1.83 comes with 24.04.
  boost=libboost-dev
fi
packages="g++ cmake ninja-build $boost libsqlite3-dev libssl-dev libnghttp2-dev liburing-dev pkg-config libgtest-dev nginx-light wrk nghttp2-client hey apache2-utils openssl prometheus curl
  iproute2 python3-venv python3-dev clang-format clang-tidy"

# Ubuntu has its browser as a snap only; where there is none, the tests of the page skip it.
if apt-cache policy chromium 2>/dev/null | grep -q 'Candidate: [0-9]'; then
  packages="$packages chromium"
fi

missing=""
for package in $packages; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ]; then
    as_root=""
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo"
  else
    echo "sevenstops needs these packages, and neither root nor sudo is here to install them:$missing" >&2
    exit 1
  fi
  $as_root apt-get update -q >/dev/null
  # The lab starts its own nginx; the package's service must not take port 80.
  $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends $missing
fi

[ -x .venv/bin/python ] || "${PYTHON:-python3}" -m venv .venv
.venv/bin/pip install --quiet --upgrade "scikit-build-core>=0.10" "pybind11>=2.12" ninja
.venv/bin/pip install --quiet --no-build-isolation -e ".[test,notebook]"
