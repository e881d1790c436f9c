#!/bin/sh
# Looks for the programs that browser/ runs. As root on Debian it installs those that are missing; else it says which.
set -eu
packages="chromium haproxy xvfb x11vnc novnc websockify openbox curl python3"

missing=
for package in $packages; do
  case $package in
    xvfb) found=$(command -v Xvfb || true) ;;
    novnc) found=$(ls /usr/share/novnc/vnc.html 2>/dev/null || true) ;;
    haproxy) found=$(PATH="$PATH:/usr/sbin" command -v haproxy || true) ;;
    *) found=$(command -v "$package" || true) ;;
  esac
  [ -n "$found" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "For the browser these programs are missing, install them:$missing (on Debian: apt install$missing)." >&2
  exit 1
fi
echo "Installing what the browser needs (once; a minute or two):$missing…"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # several words
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null; } || {
  echo "Installing them failed (see above): check the network connection and run again." >&2; exit 1; }
