#!/bin/sh
# Usage: bootstrap.sh LOCK. Makes the environment in $VENV what LOCK says; every failure is one line with the remedy.
set -eu
: "${PYTHON:=python3}" "${VENV:=.venv}"

command -v "$PYTHON" >/dev/null 2>&1 || {
  echo "Python is missing: install Python 3.11 or newer (on Debian: apt install python3 python3-venv)." >&2; exit 1; }
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "$("$PYTHON" --version) is too old: install Python 3.11 or newer and run again, e.g. make run PYTHON=python3.11." >&2; exit 1; }
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || {
  echo "Python's venv module is missing: install it (on Debian: apt install python3-venv) and run again." >&2; exit 1; }
mkdir -p "$VENV" 2>/dev/null && [ -w "$VENV" ] && [ -w src ] || {
  echo "$VENV cannot be written: give your user the right to write in this folder, or copy it to one of your own, and run again." >&2; exit 1; }

echo "Preparing the environment in $VENV from $1 (once; a minute or two)…"
[ -x "$VENV/bin/python" ] || "$PYTHON" -m venv "$VENV"
pip_install() {
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-build-isolation "$@" || {
    echo "Installing the dependencies failed (see above): check the network connection and run again." >&2; exit 1; }
}
# setuptools first: a few dependencies are source archives, and are built with it instead of an unpinned download.
pip_install --require-hashes -r locks/build.lock
pip_install --require-hashes -r "$1"
pip_install --no-deps -e .
