#!/bin/sh
# Brings what is missing on Debian or Ubuntu for one part of the work: system packages, a virtual
# environment and what Python needs in it. `make` builds the package afterwards.
#
#   tools/setup.sh lab        to build sevenstops and to measure with it
#   tools/setup.sh test       what the tests need besides
#   tools/setup.sh lint       … the checks of `make lint`
#   tools/setup.sh coverage   … the figures of `make coverage`
#   tools/setup.sh bench      … the comparison with other servers and clients
#   tools/setup.sh fuzz       … the fuzz targets
#   tools/setup.sh notebooks  … writing the notebooks
#
# With "packages" as second word it brings system packages alone.
set -eu
part=${1:-lab}

# How to become root; "no" where there is no way.
if [ "$(id -u)" = 0 ]; then
  root=""
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
  # It asks for the password where somebody is there to give it.
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

# System packages, and the extras of pyproject.toml.
extras=""
case $part in
  lab)
    # Debian 12's default Boost is older; Ubuntu 24.04's is 1.83.
    boost=libboost-dev
    if available libboost1.81-dev; then
      boost=libboost1.81-dev
    fi
    packages="g++ cmake ninja-build pkg-config $boost libsqlite3-dev libssl-dev libnghttp2-dev
      liburing-dev zlib1g-dev libzstd-dev libxxhash-dev libspdlog-dev python3-venv python3-dev
      nginx-light curl iproute2"
    ;;
  test)
    packages="libgtest-dev nghttp2-client openssl prometheus"
    # Ubuntu has its browser as a snap only; where there is none, the tests of the page pass it over.
    if available chromium; then
      packages="$packages chromium"
    fi
    # Attacks that others wrote; the tests of them pass it over where it is missing.
    if available slowhttptest; then
      packages="$packages slowhttptest"
    fi
    # The edges beside nginx; the tests of one that a distribution lacks pass it over.
    for edge in haproxy caddy apache2; do
      if available "$edge"; then
        packages="$packages $edge"
      fi
    done
    extras="test"
    ;;
  lint)
    packages="clang-format clang-tidy libgtest-dev git"
    extras="test lint"
    ;;
  coverage)
    packages="gcovr"
    extras="test coverage"
    ;;
  bench)
    packages="wrk nghttp2-client nghttp2-server hey apache2-utils rapidjson-dev nlohmann-json3-dev"
    extras="test bench"
    ;;
  fuzz)
    # llhttp's sources are what the guard is compared with.
    packages="clang libclang-rt-dev node-llhttp"
    ;;
  notebooks)
    packages=""
    extras="test notebook"
    ;;
  *)
    echo "tools/setup.sh knows lab, test, lint, coverage, bench, fuzz and notebooks, not '$part'" >&2
    exit 2
    ;;
esac

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
  # The lab starts its own proxies; the packages' services must not take ports, now or at the next
  # start of the machine. systemd asks the policy, System V looks at the runlevel.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap '$root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
    $root chmod 755 "$policy"
  fi
  $root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends $missing
  for service in nginx haproxy caddy apache2; do
    case " $missing " in
      *" $service"[\ -]*) $root systemctl disable -q "$service" 2>/dev/null || true ;;
    esac
  done
fi

if [ "${2:-}" = packages ]; then
  exit 0
fi

[ -x .venv/bin/python ] || "${PYTHON:-python3}" -m venv .venv
# What pyproject.toml names, without the package itself: that is built once, by `make build`. Python
# compiles what is imported; most of it never is.
.venv/bin/python - $extras <<'PYTHON' | .venv/bin/pip install --quiet --no-compile --requirement /dev/stdin
import sys
import tomllib

with open("pyproject.toml", "rb") as file:
    told = tomllib.load(file)
extras = told["project"]["optional-dependencies"]
wanted = told["build-system"]["requires"] + told["project"]["dependencies"]
print(*wanted, *(each for extra in sys.argv[1:] for each in extras[extra]), sep="\n")
PYTHON
