#!/usr/bin/env python3
"""Asks Chromium to quit (CDP Browser.close): unlike at a signal, it writes its cookies first."""

import base64
import json
import os
import socket
import struct
import sys
import urllib.parse
import urllib.request

PORT = int(os.environ.get("CDP_PORT", "9222"))
SECONDS = 1.5


def main() -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/json/version", timeout=SECONDS) as answer:
        path = urllib.parse.urlsplit(json.load(answer)["webSocketDebuggerUrl"]).path
    with socket.create_connection(("127.0.0.1", PORT), timeout=SECONDS) as connection:
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            if not (chunk := connection.recv(4096)):
                sys.exit("Chromium does not answer")
            head += chunk
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            sys.exit(head.split(b"\r\n", 1)[0].decode(errors="replace"))
        body = json.dumps({"id": 1, "method": "Browser.close"}).encode()
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(body))
        connection.sendall(struct.pack("!BB", 0x81, 0x80 | len(body)) + mask + masked)
        connection.recv(1024)


if __name__ == "__main__":
    main()
