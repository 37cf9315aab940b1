#!/usr/bin/env bash
# Prepares this machine for `make`: Python's virtual environment, Java 17 and Maven for Kafka, and Debian's
# clickhouse-server for the tests that want a genuine one. As root on Debian it installs what is missing through apt;
# elsewhere it says what is missing. It starts no service and changes nothing that is there already.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf 'setup: %s\n' "$*"; }

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3.11 python3.12 python3; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
}

java_is_enough() {
  local version
  version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ -n "$version" ] && [ "$version" -ge 17 ]
}

clickhouse_server() { PATH=$PATH:/usr/sbin command -v clickhouse-server >/dev/null; }

# The Debian packages of everything that is missing; "!" marks what nothing works without.
missing() {
  [ -x .venv/bin/python ] || [ -n "$(find_python)" ] || echo '!python3 !python3-venv'
  if [ -z "${KAFKA_BOOTSTRAP_SERVERS:-}" ]; then
    java_is_enough || echo '!default-jre-headless'
    command -v mvn >/dev/null || echo '!maven'
  fi
  clickhouse_server || echo 'clickhouse-server'
}

# apt would start services it installs; policy-rc.d is Debian's way to say no.
apt_install() {
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  local package
  for package in "$@"; do
    say "installing $package"
    apt-get install -y -qq --no-install-recommends "$package" >/dev/null || say "$package could not be installed"
  done
}

wanted=$(missing)
if [ -n "$wanted" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # shellcheck disable=SC2086 # one word a package
  apt_install ${wanted//!/}
  wanted=$(missing)
fi
for package in $wanted; do
  case $package in
    !*) say "missing: ${package#!} (Debian's name). Install it and run make again."; fatal=1 ;;
    *) say "not here: $package. The tests that need it will be skipped." ;;
  esac
done
[ -z "${fatal:-}" ] || exit 1

if [ ! -x .venv/bin/python ]; then
  python=$(find_python)
  say "creating .venv with $python"
  "$python" -m venv .venv
fi
say 'installing the project and its dependencies into .venv'
.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
touch .venv/.setup-stamp
say 'ready'
