#!/bin/sh
# Fetches what the tests install into $SERVERS, from the locks: an npm cache and wheels. A failure is one line with the remedy.
set -eu
: "${SERVERS:=.servers}" "${VENV:=.venv}"
locks=locks/servers

command -v npm >/dev/null 2>&1 || {
  echo "npm is missing, which the tests of MCP servers need: install Node.js 20 or newer with npm (on Debian: apt install nodejs npm)." >&2; exit 1; }
failed() {
  echo "Fetching what the tests install failed (see above): check the network connection and run again." >&2; exit 1; }

echo "Fetching the MCP servers of the tests into $SERVERS (once; half a minute)…"
rm -rf "$SERVERS"
mkdir -p "$SERVERS"
cp "$locks/package.json" "$locks/package-lock.json" "$SERVERS/"
npm ci --prefix "$SERVERS" --cache "$SERVERS/npm" --ignore-scripts --no-audit --no-fund --loglevel=error || failed
rm -rf "$SERVERS/node_modules" "$SERVERS/npm/_logs"
"$VENV/bin/python" -m pip download --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
  --dest "$SERVERS/wheels" -r "$locks/wheels.lock" || failed
touch "$SERVERS/.ready"
