"""What docker-compose.yml, the Dockerfiles and the units promise, without building anything."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_there_are_the_assistant_and_its_browser_and_nothing_else() -> None:
    assert set(SERVICES) == {"jobs", "browser"}
    assert set(COMPOSE["volumes"]) == {"jobs-workspace", "browser-profile", "browser-downloads"}
    assert SERVICES["jobs"]["volumes"] == [
        "./data:/data", "jobs-workspace:/workspace", "./skills:/workspace/.claude/skills",
        "browser-downloads:/browser-downloads:ro",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["jobs", "browser"])
def test_each_is_bounded_and_started_again(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "network_mode", "pid", "devices"} & service.keys()
    assert service["networks"] == ["private"]
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert "docker.sock" not in str(service)


def test_the_updater_is_reached_by_its_socket_alone() -> None:
    added: dict[str, Any] = yaml.safe_load((CHECKOUT / "deploy/compose.updater.yml").read_text())["services"]
    assert set(added) == {"jobs"}
    [volume] = added["jobs"]["volumes"]
    folder, inside, mode = volume.split(":")
    assert (folder, mode) == ("/var/lib/jobs-updater", "ro")
    assert added["jobs"]["environment"] == {"UPDATE_SOCKET": f"{inside}/socket"}
    unit = (CHECKOUT / "deploy/jobs-updater.service").read_text()
    assert f"deploy/jobs_updater.py --folder {folder}" in unit
    assert "StateDirectory=jobs-updater\nStateDirectoryMode=0750\n" in unit


def test_only_the_picture_is_reached_and_from_the_machine_itself_alone() -> None:
    assert SERVICES["browser"]["ports"] == ["127.0.0.1:6080:6080"]
    assert "ports" not in SERVICES["jobs"]
    assert "seccomp:browser/seccomp.json" in SERVICES["browser"]["security_opt"]


def test_the_password_is_a_file_that_setup_makes() -> None:
    written = SERVICES["jobs"]["environment"]["VNC_PASSWORD_FILE"]
    assert COMPOSE["secrets"]["vnc_password"]["file"] == f"./data/{Path(written).relative_to('/data')}"
    assert SERVICES["browser"]["secrets"] == ["vnc_password"]


@pytest.mark.parametrize("path", ["Dockerfile", "browser/Dockerfile"])
def test_an_image_is_of_debian_for_any_machine_unprivileged_and_knows_whether_it_is_well(path: str) -> None:
    text = (CHECKOUT / path).read_text()
    assert set(re.findall(r"^FROM (\S+)", text, re.M)) <= {"debian:bookworm-slim", "base", "built"}
    assert re.findall(r"^USER (\d+:\d+)$", text, re.M)
    assert "0:0" not in text
    for instruction in ("HEALTHCHECK", "STOPSIGNAL SIGTERM", '"/usr/bin/tini"'):
        assert instruction in text
    assert not re.search(r"amd64|x64|https?://", text.replace("amd64's", "").replace("amd64 ", ""))


def test_the_skills_that_are_shipped_get_into_the_image_and_the_owners_do_not() -> None:
    shipped = {path.parent.name for path in CHECKOUT.glob("skills/*/SKILL.md")}
    let_in = re.findall(r"^!(.+)$", (CHECKOUT / ".dockerignore").read_text(), re.M)
    assert {Path(path).name for path in let_in if path.startswith("skills")} == shipped
    assert (CHECKOUT / ".dockerignore").read_text().splitlines()[1] == "*"
    assert not {"data", ".env", ".git", "workspace", "."} & set(let_in)


def test_the_units_are_without_rights_and_start_what_is_there() -> None:
    for unit in sorted((CHECKOUT / "deploy").glob("*.service")):
        text = unit.read_text()
        for line in ("NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "Restart=always"):
            assert line in text.splitlines(), f"{unit.name}: {line}"
    assert "ExecStart=/opt/jobs/browser/entrypoint.sh" in (CHECKOUT / "deploy/jobs-browser.service").read_text()
