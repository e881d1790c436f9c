#!/bin/bash
# Becomes one Chromium with the persistent profile. FAILURES: how many starts in a row have ended at once.
set -euo pipefail
: "${PROFILE_DIR:=/data/profile}" "${DOWNLOAD_DIR:=/data/downloads}" "${SCREEN:=1280x900}" "${CDP_PORT:=9222}"
: "${CHROMIUM_LANG:=en-US}" "${CHROMIUM_SANDBOX:=on}" "${FAILURES:=0}"
export LANGUAGE="$CHROMIUM_LANG"

# A lock that was left under another hostname would keep Chromium alive without CDP.
if owner=$(readlink "$PROFILE_DIR/SingletonLock") && [ "${owner%-*}" = "$(uname -n)" ] &&
  [ "$(cat "/proc/${owner##*-}/comm" 2>/dev/null)" = chromium ]; then
  echo "the profile $PROFILE_DIR is in use by Chromium process ${owner##*-}: end that first" >&2
  exit 1
fi
rm -f "$PROFILE_DIR"/Singleton{Lock,Socket,Cookie} "$PROFILE_DIR/DevToolsActivePort"

# The tabs of last time come back, and with them the cookies that a site gave for as long as the browser runs;
# not so if it was they that ended it.
if ((FAILURES >= 3)); then rm -rf "$PROFILE_DIR/Default/Sessions"; fi
mkdir -p "$PROFILE_DIR/Default"
python3 - "$PROFILE_DIR/Default/Preferences" "$DOWNLOAD_DIR" <<'PYTHON'
import json
import os
import sys

path, downloads = sys.argv[1:]
try:
    with open(path, encoding="utf-8") as file:
        preferences = json.load(file)
except (OSError, ValueError):
    preferences = {}
for group, values in {
    "profile": {"exit_type": "Normal", "exited_cleanly": True},
    "session": {"restore_on_startup": 1},
    "download": {"default_directory": downloads, "prompt_for_download": False, "directory_upgrade": True},
}.items():
    preferences.setdefault(group, {}).update(values)
with open(path + ".new", "w", encoding="utf-8") as file:
    json.dump(preferences, file)
os.replace(path + ".new", path)
PYTHON

flags=(
  --user-data-dir="$PROFILE_DIR"
  --remote-debugging-port="$CDP_PORT"
  --no-first-run --no-default-browser-check --password-store=basic
  --disable-background-networking --disable-component-update --disable-sync --no-pings
  --disable-breakpad --disable-crash-reporter --metrics-recording-only
  "--disable-features=Translate,MediaRouter,OptimizationHints,DialMediaRouteProvider,GlobalMediaControls"
  --log-level=3 # a container has no D-Bus, which it would say again and again
  --disable-session-crashed-bubble --hide-crash-restore-bubble
  --disable-gpu --disable-dev-shm-usage
  --lang="$CHROMIUM_LANG" "--window-position=0,0" --window-size="${SCREEN/x/,}" --start-maximized
)
# Only where the kernel does not let this user have it (root without a container): it is what holds a hostile page.
[ "$CHROMIUM_SANDBOX" = off ] && flags+=(--no-sandbox)
exec chromium "${flags[@]}"
