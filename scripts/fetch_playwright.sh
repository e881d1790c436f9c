#!/bin/sh
# Installs what drives the browser into $VENV/browser, from locks/browser/. A failure is one line with the remedy.
set -eu
: "${VENV:=.venv}"
locks=locks/browser

command -v npm >/dev/null 2>&1 || {
  echo "npm is missing, which the browser needs: install Node.js 20 or newer with npm." >&2; exit 1; }
node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' || {
  echo "Node.js $(node --version) is too old for the browser: install Node.js 20 or newer and run again." >&2; exit 1; }
echo "Installing what drives the browser into $VENV/browser (once; a few seconds)…"
rm -rf "$VENV/browser"
mkdir -p "$VENV/browser"
cp "$locks/package.json" "$locks/package-lock.json" "$VENV/browser/"
npm ci --prefix "$VENV/browser" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null || {
  echo "Installing what drives the browser failed (see above): check the network connection and run again." >&2; exit 1; }
touch "$VENV/browser/.ready"
