"""What is to be installed, worked out from what was asked for before anything is fetched or run."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import PurePath
from urllib.parse import urlsplit

from jobs.core.errors import ToolRetry
from jobs.mcp_manager.config import Kind, Transport

_NPM = re.compile(
    r"(?i)(?P<name>(?:@[a-z0-9][\w.-]*/)?[a-z0-9][\w.-]*)(?:@(?P<version>[\w.^~<>=*+-]+))?", re.IGNORECASE
)
_PYPI = re.compile(
    r"(?P<name>[a-z0-9](?:[\w.-]*[a-z0-9])?)(?:\[[\w,-]*\])?(?:(?:==|@)(?P<version>[\w.!+-]+))?", re.IGNORECASE
)
_IMAGE = re.compile(
    r"(?P<name>[a-z0-9][\w./-]*(?::\d+/[\w./-]+)?)(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_DECIDES = re.compile(
    # what is run, and where it is looked for
    r"PATH|(NODE|GCONV|LUA|LUA_C|RUBY|GO)_?PATH|HOME|XDG_.*|IFS|ENV|SHELL|SHELLOPTS|BASH.*|PS4|PROMPT_COMMAND|EDITOR|VISUAL|PAGER|BROWSER|COMSPEC|PATHEXT"
    r"|LD_.*|DYLD_.*|GLIBC_.*|MALLOC_.*|PYTHON.*|PIP_.*|UV_.*|PERL.*OPT|PERL.*LIB|PERL.*DB|RUBY(OPT|LIB)|GEM_HOME"
    r"|NODE_OPTIONS|NODE_REPL_.*|NPM_CONFIG_.*|.*JAVA_(TOOL_)?OPTIONS|CLASSPATH|PHPRC|PHP_INI_.*|LUA_INIT.*|DOTNET_.*"
    r"|CORECLR_.*|ELECTRON_.*|GIT_.*|DOCKER_(HOST|CONFIG|CONTEXT|TLS.*|CERT.*)|OPENSSL_.*"
    # whom it talks to, and whom it believes
    r"|(HTTPS?|ALL|NO|FTP|SOCKS\d?)_PROXY|NODE_TLS_.*|NODE_EXTRA_CA_CERTS|SSL_.*|SSLKEYLOGFILE|.*_CA_BUNDLE",
    re.IGNORECASE,
)
_SHELLS = frozenset({
    "sh", "bash", "zsh", "dash", "ash", "ksh", "fish", "busybox", "toybox", "env", "sudo", "doas", "su", "cmd",
    "powershell", "pwsh", "pnpm", "yarn", "nice", "nohup", "timeout", "xargs", "setsid", "stdbuf", "ionice", "chrt",
    "taskset", "time", "watch", "script", "parallel", "find", "ssh", "chroot", "unshare", "nsenter", "flock",
    "strace", "setpriv", "systemd-run", "exec", "eval", "command",
})  # fmt: skip
"""What runs something else, which its arguments hide."""
_EXACT_TAG = re.compile(r"v?\d+(\.\d+)*([.+_-][\w.+-]*)?|\w*?[._-]?v?\d+\.\d+[\w.+-]*", re.IGNORECASE)
"""A version number, maybe with a suffix. A branch or a channel (main, latest, stable) is another image tomorrow."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MOST_ARGUMENTS = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be installed; everything of it is shown to the owner."""

    kind: Kind
    package: str = ""
    version: str = ""
    """Exact once it is `resolved`; before that what was asked for, "" for the newest."""
    program: str = ""
    """Which program of a package, where that is not the one of its name; the path of a program that is there."""
    arguments: tuple[str, ...] = ()
    url: str = ""
    transport: Transport = "stdio"
    keys: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    about: str = ""
    """What the registry says of it: somebody else's words."""
    registry_name: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the registry wants some of the keys to be: no secret, and somebody else's words."""
    values: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """What the owner gives. Secret."""

    @property
    def environment(self) -> dict[str, str]:
        """All that it is given. Secret."""
        return {**self.fixed, **self.values}

    @property
    def missing(self) -> tuple[str, ...]:
        """The keys that it needs and that are not known."""
        return tuple(key for key in self.needs if key not in self.environment)

    @property
    def suggested_name(self) -> str:
        """What it could be called."""
        of = self.registry_name or self.package or urlsplit(self.url).hostname or PurePath(self.program).stem
        last = re.split(r"[/:]", of)[-1].lower()
        plain = re.sub(r"[^a-z0-9]+", "-", last.removesuffix(".git")).strip("-")
        return re.sub(r"^(mcp-)?(server-)?(?=.)|(-mcp)?(-server)?$", "", plain)[:40].strip("-") or plain[:40]


def of_command(words: Sequence[str]) -> Plan:
    """The plan behind a command line; what would run something floating is pinned. Raises ToolRetry."""
    if len(words) > _MOST_ARGUMENTS or any("\0" in word or len(word) > 2000 for word in words):
        raise ToolRetry("That are too many arguments, or one is too long.")
    program = PurePath(words[0]).name.lower().removesuffix(".cmd").removesuffix(".exe")
    rest = list(words[1:])
    match program:
        case "npx" | "bunx":
            return _npm(rest)
        case "uvx":
            return _pypi(rest)
        case "pipx" | "uv" if rest[:1] == ["run"] or rest[:2] == ["tool", "run"]:
            return _pypi(rest[1 if rest[0] == "run" else 2 :])
        case "npm" if rest[:1] in (["exec"], ["x"]):
            return _npm([word for word in rest[1:] if word != "--"])
        case "docker" | "podman" if rest[:1] == ["run"]:
            return _oci(rest[1:])
        case _ if program in _SHELLS:
            raise ToolRetry(f"Name the program itself, without {program}: what runs must be plain to see.")
        case _:
            path = shutil.which(words[0])
            if path is None:
                raise ToolRetry(f"There is no program {words[0]!r} on this machine.")
            return Plan("program", program=path, arguments=tuple(rest))


def of_package(kind: Kind, package: str, version: str, arguments: Sequence[str] = (), program: str = "") -> Plan:
    """The plan for a package of a registry. Raises ToolRetry."""
    if kind == "oci":
        pinned = not version or ":" in package.rpartition("/")[2] or "@" in package
        return _oci_image(package if pinned else f"{package}:{version}", arguments)
    pattern = _NPM if kind == "npm" else _PYPI
    if pattern.fullmatch(package) is None or (version and not re.fullmatch(r"[\w.+!^~<>=*-]{1,64}", version)):
        raise ToolRetry(f"{package[:100]!r} {version[:60]!r} is no package and version.")
    return Plan(kind, package=package, version=version, program=program, arguments=tuple(arguments))


def of_url(url: str, transport: Transport = "http", *, public: bool = False) -> Plan:
    """The plan for a remote server. Raises ToolRetry.

    `public`: it was named by a stranger, who has no business with this machine and the network that it is in.
    """
    parts = urlsplit(url)
    loopback = parts.hostname in _LOOPBACK
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise ToolRetry("A remote server's address begins with https:// (http:// only on this machine).")
    if not parts.hostname or "@" in parts.netloc or not url.isprintable() or " " in url or len(url) > 1000:
        raise ToolRetry("That is no address of a server. Keys go into env, never into the address.")
    if not parts.hostname.isascii() or any(part.startswith("xn--") for part in parts.hostname.split(".")):
        raise ToolRetry("Letters of other alphabets in a host's name may look like another's: it is not taken.")
    if (address := _address(parts.hostname)) is not None and (
        address.is_link_local or address.is_multicast or address.is_unspecified or (public and not address.is_global)
    ):
        raise ToolRetry(f"{parts.hostname} is no address of a server on the internet: it is not asked.")
    if public and (parts.hostname == "localhost" or parts.hostname.endswith((".localhost", ".local", ".internal"))):
        raise ToolRetry(f"{parts.hostname} is a name within this network: it is not asked.")
    sse = transport == "sse" or parts.path.rstrip("/").endswith("/sse")
    return Plan("remote", url=url, transport="sse" if sse else "http")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """What stands for a host, where that is a number; also as old programs read it (127.1, 0x7f000001)."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def checked_key(key: str, transport: Transport) -> str:
    """A key that a server may be given. Raises ToolRetry."""
    if transport != "stdio":
        if _HEADER.fullmatch(key) is None:
            raise ToolRetry(f"{key[:70]!r} is no name of an HTTP header, which is what a remote server is given.")
    elif _VARIABLE.fullmatch(key) is None:
        raise ToolRetry(f"{key[:70]!r} is no name of an environment variable.")
    elif decides(key):
        raise ToolRetry(f"{key} decides which code runs, or whom it talks to and believes: it cannot be set.")
    return key


def decides(key: str) -> bool:
    """Whether a variable of this name decides more than a server's settings: which code runs, or whom it believes."""
    return _DECIDES.fullmatch(key) is not None


def checked_value(value: str) -> str:
    """A value that a server may be given. Raises ToolRetry."""
    if not value or len(value) > 10_000 or "\0" in value or "\n" in value.strip():
        raise ToolRetry("A value is one line of at most 10,000 characters.")
    return value.strip()


def _npm(words: list[str]) -> Plan:
    package, rest = _package_of(words, {"-p", "--package"}, {"-y", "--yes", "-q", "--quiet", "--"})
    found = _NPM.fullmatch(package[0])
    if found is None:
        raise ToolRetry(f"{package[0][:100]!r} is no package of the npm registry.")
    return of_package("npm", found["name"], _exact(found["version"]), rest, package[1])


def _pypi(words: list[str]) -> Plan:
    package, rest = _package_of(words, {"--from", "--spec"}, {"--quiet", "-q", "--isolated", "--"})
    found = _PYPI.fullmatch(package[0])
    if found is None:
        raise ToolRetry(f"{package[0][:100]!r} is no package of PyPI with a version (name or name==1.2.3).")
    return of_package("pypi", found["name"], _exact(found["version"]), rest, package[1])


def _exact(version: str | None) -> str:
    return "" if version is None or version == "latest" else version


def _package_of(words: list[str], named: set[str], ignored: set[str]) -> tuple[tuple[str, str], list[str]]:
    """The package and, where it was named by an option, the program of it; then what the program is given."""
    package = ""
    for at, word in enumerate(words):
        option, _, value = word.partition("=")
        if word in named:
            package = words[at + 1] if at + 1 < len(words) else ""
        elif option in named and value:
            package = value
        elif (at and words[at - 1] in named) or word in ignored:
            continue
        elif word.startswith("-"):
            raise ToolRetry(f"The option {word[:60]!r} is not supported here: name the package and its arguments.")
        else:
            return ((package, word) if package else (word, "")), words[at + 1 :]
    if package:
        return (package, ""), []
    raise ToolRetry("Which package? Name it, and a version if it matters.")


def _oci(words: list[str]) -> Plan:
    keys: list[str] = []
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in ("-e", "--env") and rest:
            key, equals, _ = rest.pop(0).partition("=")
            if equals:
                raise ToolRetry(f"Give {key[:60]} in env, not in the command.")
            keys.append(checked_key(key, "stdio"))
        elif option not in ("--rm", "-i", "--interactive", "--init", "-ti", "-it"):
            raise ToolRetry(f"The option {option[:60]!r} of docker is not supported: only -i, --rm and -e KEY are.")
    if not rest:
        raise ToolRetry("Which image? Name it, with a version.")
    return replace(_oci_image(rest[0], rest[1:]), keys=tuple(keys))


def _oci_image(image: str, arguments: Sequence[str]) -> Plan:
    found = _IMAGE.fullmatch(image)
    if found is None:
        raise ToolRetry(f"{image[:100]!r} is no image.")
    tag, digest = found["tag"], found["digest"]
    if not digest and (not tag or _EXACT_TAG.fullmatch(tag) is None):
        raise ToolRetry(f"Name an exact version of {image[:100]}: image:1.2.3 or image@sha256:…, not latest or main.")
    return Plan("oci", package=image, version=digest or tag, arguments=tuple(arguments))
