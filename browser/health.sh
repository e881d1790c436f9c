#!/bin/bash
# Whether the browser can be driven and, where it has a password, looked at: exits 0, or says what is down and exits 1.
: "${RUN_DIR:=/run/browser}" "${CDP_PROXY_PORT:=9223}" "${VNC_PORT:=5900}" "${NOVNC_PORT:=6080}"

down() {
  echo "$1 does not answer"
  exit 1
}

curl -fsS -m 3 -o /dev/null "http://127.0.0.1:$CDP_PROXY_PORT/healthz" 2>/dev/null || down "Chromium"
[ -e "$RUN_DIR/vnc-password" ] || exit 0
curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$NOVNC_PORT/vnc.html" 2>/dev/null || down "noVNC"
greeting=
{ exec 3<>"/dev/tcp/127.0.0.1/$VNC_PORT" && read -r -t 2 -N 3 greeting <&3; } 2>/dev/null
[ "$greeting" = RFB ] || down "VNC"
