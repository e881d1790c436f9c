#!/bin/bash
# `jobs` in the container. Started as root, it becomes the owner of /data first, so that what it writes on the machine
# below belongs to the person who keeps it there; a folder of root's (Docker makes those) is given to the user 1000.
set -eu
: "${DATA_DIR:=/data}" "${WORKSPACE_DIR:=/workspace}"

fail() {
  echo "✗ $*" >&2
  exit 2
}

if [ "$(id -u)" != 0 ]; then
  for folder in "$DATA_DIR" "$WORKSPACE_DIR"; do
    [ -w "$folder" ] || fail "$folder cannot be written by the user $(id -u), as whom this container runs: give it to" \
      "them (chown), or start the container as root (--user 0:0), which does so and then becomes the folder's owner."
  done
  [ ! -O "$DATA_DIR" ] || chmod go-rwx "$DATA_DIR"
  exec /opt/jobs/.venv/bin/jobs "$@"
fi

owner=$(stat -c %u "$DATA_DIR") group=$(stat -c %g "$DATA_DIR")
[ "$owner" != 0 ] || owner=1000 group=1000
for folder in "$DATA_DIR" "$WORKSPACE_DIR" "$WORKSPACE_DIR/.claude" "$WORKSPACE_DIR/.claude/skills" "$HOME"; do
  [ ! -d "$folder" ] || [ "$(stat -c %u "$folder")" = "$owner" ] || chown -R "$owner:$group" "$folder" ||
    fail "$folder cannot be given to the user $owner, as whom this container works: do it on the machine below (chown)."
done
# Programs ask who they are.
sed -i "s/^jobs:x:1000:1000:/jobs:x:$owner:$group:/" /etc/passwd
exec setpriv --reuid "$owner" --regid "$group" --clear-groups --no-new-privs --inh-caps=-all "$0" "$@"
