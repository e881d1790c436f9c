#!/bin/bash
# Runs the browser: Xvfb, openbox, Chromium, HAProxy, x11vnc and websockify, each started again when it ends.
# Needs no root and no container: folders, ports and the display are settings (docs/browser.md lists them).
# Ends by itself, with 1, when something fails eight times in a row.
set -uo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${DISPLAY:=:99}" "${SCREEN:=1280x900}" "${RUN_DIR:=/run/browser}"
: "${PROFILE_DIR:=/data/profile}" "${DOWNLOAD_DIR:=/data/downloads}"
: "${CDP_PORT:=9222}" "${CDP_BIND:=*}" "${CDP_PROXY_PORT:=9223}" "${CDP_HOSTS:=browser localhost 127.0.0.1}"
: "${VNC_PORT:=5900}" "${NOVNC_BIND:=0.0.0.0}" "${NOVNC_PORT:=6080}" "${NOVNC_DIR:=/usr/share/novnc}"
: "${VNC_PASSWORD_FILE:=/run/secrets/vnc_password}"
export DISPLAY SCREEN RUN_DIR PROFILE_DIR DOWNLOAD_DIR CDP_PORT CDP_BIND CDP_PROXY_PORT CDP_HOSTS VNC_PORT NOVNC_PORT
export CDP_LUA="$HERE/cdp.lua"
readonly X_NUMBER=${DISPLAY#:} VNC_SECRET="$RUN_DIR/vnc-password" MOST_FAILURES=8 SETTLED_SECONDS=10

log() { printf '%(%FT%TZ)T browser: %s\n' -1 "$*"; }
fail() {
  log "$*"
  exit 1
}

# ---- what runs ----

display() { # a client that comes before the display would end at once
  for _ in {1..100}; do
    [ -S "/tmp/.X11-unix/X$X_NUMBER" ] && break
    sleep 0.05
  done
}

become() { # become NAME: this process is it from now on
  case $1 in
    xvfb)
      rm -f "/tmp/.X$X_NUMBER-lock" "/tmp/.X11-unix/X$X_NUMBER" # of one that was killed
      exec Xvfb "$DISPLAY" -screen 0 "${SCREEN}x24" -nolisten tcp -noreset
      ;;
    openbox)
      display
      exec openbox --sm-disable
      ;;
    chromium)
      display
      exec "$HERE/chromium.sh"
      ;;
    haproxy) exec haproxy -db -q -f "$HERE/haproxy.cfg" ;;
    x11vnc)
      display
      exec x11vnc -display "$DISPLAY" -passwdfile "$VNC_SECRET" -rfbport "$VNC_PORT" -localhost \
        -forever -shared -noxdamage -repeat -quiet
      ;;
    novnc) exec websockify --web "$NOVNC_DIR" --heartbeat 30 "$NOVNC_BIND:$NOVNC_PORT" "127.0.0.1:$VNC_PORT" ;;
  esac
}

# ---- keeping it running ----

declare -A pid_of name_of born_at failures
stopping=

start() { # start NAME [SECONDS]: after so long
  local name=$1 delay=${2:-0}
  (
    trap - TERM INT
    [ "$delay" = 0 ] || sleep "$delay"
    export FAILURES=${failures[$name]:-0}
    become "$name"
  ) &
  pid_of[$name]=$! name_of[$!]=$name born_at[$name]=$SECONDS
  echo "$!" >"$RUN_DIR/$name.pid"
}

start_again() { # start_again NAME STATUS
  local name=$1 age=$((SECONDS - born_at[$1]))
  if ((age < SETTLED_SECONDS)); then failures[$name]=$((${failures[$name]:-0} + 1)); else failures[$name]=0; fi
  log "$name ended with $2 after $age s"
  if ((failures[$name] >= MOST_FAILURES)); then
    log "$name keeps ending (see above for why); giving up"
    stop_all
    exit 1
  fi
  local delays=(0.1 0.2 0.5 1 1 2 3 3)
  start "$name" "${delays[failures[$name]]}"
}

gone() { timeout "$1" tail --pid="$2" -s 0.05 -f /dev/null; } # gone SECONDS PID: whether it ended in that time

stop() { # stop SECONDS PID...: asked, then made to
  local seconds=$1
  shift
  kill -TERM "$@" 2>/dev/null
  for pid in "$@"; do gone "$seconds" "$pid" || kill -KILL "$pid" 2>/dev/null; done
}

stop_all() {
  trap '' TERM INT
  log "stopping"
  # Chromium first, and asked over CDP: SIGTERM would lose cookies younger than half a minute.
  local chromium=${pid_of[chromium]}
  if timeout 2 "$HERE/close_chromium.py" 2>/dev/null; then gone 4 "$chromium"; fi
  stop 1 "$chromium"
  unset 'pid_of[chromium]'
  stop 1 "${pid_of[@]}"
  rm -f "$RUN_DIR"/*.pid "$VNC_SECRET"
}

# ---- before anything runs ----

mkdir -p "$RUN_DIR" "$PROFILE_DIR" "$DOWNLOAD_DIR" || fail "the folders above cannot be made: check who owns them"
for folder in "$RUN_DIR" "$PROFILE_DIR" "$DOWNLOAD_DIR"; do
  [ -w "$folder" ] || fail "$folder cannot be written by user $(id -u): change its owner"
done
for program in Xvfb openbox chromium haproxy curl python3; do
  command -v "$program" >/dev/null || fail "$program is missing: install it (docs/browser.md lists the packages)"
done
if [ -r "/tmp/.X$X_NUMBER-lock" ]; then
  read -r owner <"/tmp/.X$X_NUMBER-lock"
  case $(cat "/proc/$owner/comm" 2>/dev/null) in
    X*) fail "display $DISPLAY is in use by process $owner: set DISPLAY to another" ;;
  esac
fi
kept=(xvfb openbox chromium haproxy)
rm -f "$RUN_DIR"/*.pid "$VNC_SECRET"
if [ -s "$VNC_PASSWORD_FILE" ] && [ -r "$VNC_PASSWORD_FILE" ]; then
  # One line, of which VNC takes 8 characters; the file may be for several readers, and end in any way.
  (umask 077 && head -n 1 "$VNC_PASSWORD_FILE" | tr -d '\r\n' | head -c 8 >"$VNC_SECRET") || fail "$RUN_DIR is full"
  kept+=(x11vnc novnc)
else
  log "no password in $VNC_PASSWORD_FILE: the browser cannot be looked at"
fi

trap 'stopping=1' TERM INT
for name in "${kept[@]}"; do start "$name"; done
while [ -z "$stopping" ]; do
  ended=
  wait -n -p ended
  status=$?
  if [ -n "$stopping" ]; then break; fi
  if [ -n "${ended:-}" ] && [ -n "${name_of[$ended]:-}" ]; then
    name=${name_of[$ended]}
    unset "name_of[$ended]"
    start_again "$name" "$status"
  fi
done
stop_all
exit 0
