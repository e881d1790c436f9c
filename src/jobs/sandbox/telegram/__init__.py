"""A Telegram on loopback: `wire` speaks MTProto to unmodified clients, `world` is who and what exists there."""
