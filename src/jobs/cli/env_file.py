"""Setting variables in a `.env` file and leaving every other byte of it alone."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

_ASSIGNMENT = re.compile(
    r"""(?P<name>\s*(?:export\s+)?'?[^=\s']+'?\s*=[^\S\r\n]*)
        (?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\r\n]*?)
        (?P<comment>[^\S\r\n]+\#[^\r\n]*)?
        (?P<end>[^\S\r\n]*(?:\r\n|\n|\r)?)""",
    re.DOTALL | re.VERBOSE,
)


def update_env_file(path: Path, values: Mapping[str, str]) -> None:
    """Set `values` in the file, atomically and with mode 0600; a link stays a link. Raises OSError."""
    target = path.resolve()
    text = target.read_text(encoding="utf-8") if target.exists() else ""
    descriptor, name = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(with_values(text, values))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def with_values(text: str, values: Mapping[str, str]) -> str:
    """The text of a `.env` file with `values` set: in place where they stand already, else at the end."""
    bindings = list(parse_stream(StringIO(text)))
    last = {binding.key: number for number, binding in enumerate(bindings) if binding.key}  # the last one counts
    parts = [
        _assigned(binding, values[binding.key])
        if binding.key and binding.key in values and last[binding.key] == number
        else binding.original.string
        for number, binding in enumerate(bindings)
    ]
    new = [f"{name}={_quoted(value)}\n" for name, value in values.items() if name not in last]
    if new and parts and not parts[-1].endswith("\n"):
        parts.append("\n")
    return "".join(parts + new)


def _assigned(binding: Binding, value: str) -> str:
    """The binding's own text with another value: `export`, spacing and a comment behind it stay."""
    found = _ASSIGNMENT.fullmatch(binding.original.string)
    if found is None:  # a name without `=`
        return f"{binding.key}={_quoted(value)}\n"
    comment = found["comment"] or ""
    written = _quoted(value) or ("''" if comment else "")  # unquoted nothing would make the comment the value
    return f"{found['name']}{written}{comment}{found['end']}"


def _quoted(value: str) -> str:
    if re.fullmatch(r"[\w@%+=:,./-]*", value, re.ASCII):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
