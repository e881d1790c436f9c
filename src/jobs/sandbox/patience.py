"""How long somebody waits for what is to happen: only what goes wrong takes so long, however slow the machine is."""

PATIENCE = 120.0
"""Seconds."""
