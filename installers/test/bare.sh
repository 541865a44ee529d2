#!/usr/bin/env bash
# Runs a command as root on a bare Debian 12: minbase, what a package depends on, and nothing else. No systemd, no network.
#   bare.sh DIR PACKAGE CMD...      DIR, with PACKAGE_*.deb, stands in it as /deb, read-only; exit code: CMD's
# The machine has mounts and processes of its own, and is gone afterwards. As root; needs mmdebstrap. What is downloaded is
# kept in $RIG_CACHE, under a hash of this script and of the dependencies.
set -euo pipefail
DIR=$(readlink -f "$1")
PACKAGE=$2
shift 2
CACHE=${RIG_CACHE:-/tmp/hoop-rig/cache}
DEPENDS=$(dpkg-deb -f "$DIR/$PACKAGE"_*.deb Depends | tr ',' '\n' | sed 's/[(|].*//; s/ //g' | sort -u | paste -sd,)
BASE=$CACHE/bare-$( (cat "$0"; echo "$DEPENDS") | sha256sum | cut -c1-12).tar
if [ ! -s "$BASE" ]; then
  mkdir -p "$CACHE"
  mmdebstrap --quiet --variant=minbase --include="$DEPENDS" --dpkgopt=force-unsafe-io bookworm "$BASE.$$.tar" >&2
  mv "$BASE.$$.tar" "$BASE"
fi
ROOT=$(mktemp -d /tmp/hoop-bare.XXXXXX)
trap 'rm -rf --one-file-system "$ROOT"' EXIT
tar -C "$ROOT" -xf "$BASE"
mkdir "$ROOT/deb"
code=0
ROOT=$ROOT DIR=$DIR unshare --mount --pid --net --fork --propagation private bash -euc '
  ip link set lo up 2>/dev/null || true
  mount --bind "$ROOT" "$ROOT"; mkdir "$ROOT/.old"
  mount -t proc proc "$ROOT/proc"; mount --bind -o ro "$DIR" "$ROOT/deb"
  mount -t tmpfs -o mode=755 dev "$ROOT/dev"; mkdir "$ROOT/dev/shm"
  for d in null zero full random urandom tty; do touch "$ROOT/dev/$d"; mount --bind "/dev/$d" "$ROOT/dev/$d"; done
  ln -s /proc/self/fd "$ROOT/dev/fd"
  cd "$ROOT"; pivot_root . .old; umount -l /.old; rmdir /.old
  exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"' -- "$@" || code=$?
exit $code
