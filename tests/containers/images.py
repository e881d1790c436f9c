"""Both images, built from their Dockerfiles out of Debian's packages: no registry of images is asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
BASE = "debian:bookworm-slim"
ASSISTANT, BROWSER = "jobs-tested", "jobs-browser-tested"
_CERTIFICATES = "/run/build-certificates.crt"


def podman(*arguments: str, check: bool = True, timeout: float = 120) -> str:
    """What podman says."""
    ended = subprocess.run(["podman", *arguments], capture_output=True, text=True, timeout=timeout, check=False)
    assert not check or ended.returncode == 0, f"podman {' '.join(arguments)}: {ended.stdout}{ended.stderr}"
    return ended.stdout.strip()


def build(folder: Path) -> None:
    """Build both; what has not changed since the last time is taken from `folder`."""
    if not podman("images", "--quiet", BASE):
        archive = folder / "base.tar"
        _run("mmdebstrap", "--quiet", "--variant=minbase", "bookworm", str(archive))
        podman("import", "--quiet", str(archive), BASE)
        archive.unlink()
    for name, context in ((ASSISTANT, CHECKOUT), (BROWSER, CHECKOUT / "browser")):
        command = ["buildah", "bud", "--format=docker", "--isolation=chroot", "--layers", "--pull=never"]
        _run(*command, *_ways_out(folder), "--tag", name, str(context))


def build_on(base: str, name: str, folder: Path, files: Mapping[str, str], entrypoint: list[str]) -> None:
    """Build an image that is another one with a few files at its root."""
    context = folder / "image"
    context.mkdir()
    for path, text in files.items():
        (context / path).write_text(text)
    copies = "".join(f"COPY --chmod=0644 {path} /{path}\n" for path in files)
    (context / "Dockerfile").write_text(f"FROM {base}\n{copies}ENTRYPOINT {json.dumps(entrypoint)}\nCMD []\n")
    options = ["--quiet", "--format=docker", "--isolation=chroot", "--pull=never"]
    _run("buildah", "bud", *options, "--tag", name, str(context))


def size(name: str) -> int:
    """Megabytes, unpacked."""
    return int(podman("image", "inspect", "--format", "{{.Size}}", name)) // 10**6


def _ways_out(folder: Path) -> list[str]:
    """How this machine reaches the registries, for the time of the build: mounted, in no layer and no Dockerfile."""
    pip, npm, mounts = ["[global]"], list[str](), list[str]()
    if certificates := os.environ.get("SSL_CERT_FILE"):
        pip.append(f"cert = {_CERTIFICATES}")
        npm.append(f"cafile={_CERTIFICATES}")
        mounts.append(f"{certificates}:{_CERTIFICATES}")
    if index := os.environ.get("PIP_INDEX_URL"):
        pip.append(f"index-url = {index}")
    if registry := os.environ.get("NPM_CONFIG_REGISTRY"):
        npm.append(f"registry={registry}")
    for name, lines, target in (("pip.conf", pip, "/etc/pip.conf"), ("npmrc", npm, "/root/.npmrc")):
        (folder / name).write_text("\n".join(lines) + "\n")
        mounts.append(f"{folder / name}:{target}")
    return [word for mount in mounts for word in ("--volume", f"{mount}:ro")]


def _run(*command: str) -> None:
    program = shutil.which(command[0])
    assert program is not None, f"{command[0]} is missing: run `make test-containers`"
    subprocess.run([program, *command[1:]], stdin=subprocess.DEVNULL, timeout=1800, check=True)
