#!/bin/sh
# Brings what is missing on Debian or Ubuntu: system packages, a virtual environment, the package.
set -eu

# How to become root; "no" where there is no way.
if [ "$(id -u)" = 0 ]; then
  root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  root="sudo"
else
  root="no"
fi

available() {
  apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'
}

# A new machine has no package lists, and without them nothing seems to be available.
if ! available g++ && [ "$root" != no ]; then
  $root apt-get update -q >/dev/null
fi

# Debian 12's default Boost is older; Ubuntu 24.04's is 1.83.
boost=libboost-dev
if available libboost1.81-dev; then
  boost=libboost1.81-dev
fi
packages="g++ cmake ninja-build pkg-config $boost libsqlite3-dev libssl-dev libnghttp2-dev liburing-dev libspdlog-dev
  libgtest-dev nginx-light wrk nghttp2-client hey apache2-utils openssl prometheus curl iproute2
  python3-venv python3-dev clang-format clang-tidy"
# Ubuntu has its browser as a snap only; where there is none, the tests of the page pass it over.
if available chromium; then
  packages="$packages chromium"
fi

missing=""
for package in $packages; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
  if [ "$root" = no ]; then
    echo "sevenstops needs these packages, and neither root nor sudo is here to install them:$missing" >&2
    exit 1
  fi
  $root apt-get update -q >/dev/null
  # The lab starts its own nginx; the packages' services must not take ports.
  $root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends $missing
fi

[ -x .venv/bin/python ] || "${PYTHON:-python3}" -m venv .venv
.venv/bin/pip install --quiet --upgrade "scikit-build-core>=0.10" "pybind11>=2.12" ninja
.venv/bin/pip install --quiet --no-build-isolation -e ".[test,notebook]"
