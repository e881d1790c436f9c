#!/bin/sh
# Builds both images and runs them together (tests/containers): with Debian's packages alone, no Docker and no registry
# of images. What is missing is installed if you are root, else it is said. .containers/ keeps the images for next time.
set -eu
: "${VENV:=.venv}"
packages="mmdebstrap podman buildah crun"

fail() {
  echo "$1" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || fail "The containers' test mounts and builds as root: run it with sudo, on a machine for that."
missing=
for package in $packages; do
  command -v "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
  command -v apt-get >/dev/null 2>&1 || fail "For the containers' test these programs are missing, install them:$missing."
  echo "Installing what the containers' test needs (once; a minute):$missing…"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # several words
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null; } ||
    fail "Installing them failed (see above): check the network connection and run again."
fi

folder=$(pwd)/.containers
mkdir -p "$folder"
cat >"$folder/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$folder/storage"
runroot = "$folder/run"
END
cat >"$folder/containers.conf" <<END
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=8192:8192", "nproc=8192:8192"]
[engine]
cgroup_manager = "cgroupfs"
runtime = "crun"
events_logger = "file"
END
export CONTAINERS_CONF="$folder/containers.conf" CONTAINERS_STORAGE_CONF="$folder/storage.conf" JOBS_CONTAINERS="$folder"
# Mounts of its own, which end with it. crun wants the one hierarchy of cgroups; a machine may have the older ones.
# shellcheck disable=SC2016 # for the inner shell
exec unshare -m sh -c '
  [ -e /sys/fs/cgroup/cgroup.controllers ] || { umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup; }
  exec "$@"' sh "$VENV/bin/python" -m pytest -s "$@" tests/containers
