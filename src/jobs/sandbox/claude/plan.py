"""The usage windows of a subscription, as the API reports them to an OAuth token: in response headers."""

from __future__ import annotations

from datetime import datetime

_PREFIX = "anthropic-ratelimit-unified"


def plan_windows(
    *, five_hour: float, seven_day: float, five_hour_resets: datetime, seven_day_resets: datetime
) -> dict[str, str]:
    """Headers for `MessagesServer.headers`; a window is a share of 1, and at 1 or above it is used up."""
    windows = {"5h": (five_hour, five_hour_resets), "7d": (seven_day, seven_day_resets)}
    claim = "five_hour" if five_hour >= seven_day else "seven_day"
    _, resets_at = max(windows.values(), key=lambda window: window[0])
    headers = {
        f"{_PREFIX}-status": _status(max(five_hour, seven_day)),
        f"{_PREFIX}-reset": _seconds(resets_at),
        f"{_PREFIX}-representative-claim": claim,
    }
    for name, (used, resets) in windows.items():
        headers[f"{_PREFIX}-{name}-status"] = _status(used)
        headers[f"{_PREFIX}-{name}-utilization"] = str(used)
        headers[f"{_PREFIX}-{name}-reset"] = _seconds(resets)
    return headers


def _status(used: float) -> str:
    return "rejected" if used >= 1 else "allowed"


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))
