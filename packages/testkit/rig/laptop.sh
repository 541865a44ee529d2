#!/usr/bin/env bash
# Boots a laptop with systemd as its first process, in namespaces of its own, runs a command in it as root, and ends it.
#   laptop.sh [--bind DIR]... -- CMD...     exit code: CMD's; 125 if the laptop did not boot
#   laptop.sh [--bind DIR]... --hold        says `up PID NETNS OUTSIDE`, then does what stdin says, a line each, and ends with it:
#     reboot (in order), crash (power cut), link down, link up; each answered by `up ...` or `ok`
# DIR stands in it at the same path, writable. It has no way out: its network is `lo` and a link `wan0`, 10.77.1.1/24, whose
# other end is 10.77.1.2 in the network namespace OUTSIDE, where nothing forwards. Its disk is in memory, and outlives
# reboot and crash. As root, with systemd-nspawn, iproute2 and what rootfs.sh needs.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
BINDS=()
HOLD=
while [ $# -gt 0 ]; do case $1 in
  --bind) BINDS+=("--bind=$2"); shift 2 ;;
  --hold) HOLD=1; shift ;;
  --) shift; break ;;
  *) sed -n '2,9p' "$0" >&2; exit 2 ;;
esac; done
[ $# -gt 0 ] || [ -n "$HOLD" ] || { sed -n '2,9p' "$0" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "laptop.sh: needs root" >&2; exit 125; }
SQUASHFS=$("$HERE/rootfs.sh")
RIG=$(mktemp -d /tmp/hoop-rig.XXXXXX)
ID=hooprig${RIG##*.}
NSPAWN=
cgroup() { local base=/sys/fs/cgroup; [ ! -d $base/unified ] || base=$base/unified; echo "$base/$ID"; }

# Shuts the laptop down in order, then ends whatever is left in its own control group, which holds nothing else.
halt() {
  if [ -n "$NSPAWN" ] && kill "-${1:-TERM}" "$NSPAWN" 2>/dev/null; then
    for _ in $(seq 150); do kill -0 "$NSPAWN" 2>/dev/null || break; sleep 0.1; done
  fi
  local group; group=$(cgroup)
  if [ -d "$group" ]; then
    if grep -q 'populated 1' "$group/cgroup.events"; then
      echo 1 >"$group/cgroup.kill"
      for _ in $(seq 50); do grep -q 'populated 0' "$group/cgroup.events" && break; sleep 0.1; done
    fi
    find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
  fi
}
down() {
  trap - EXIT
  halt
  for net in "$ID" "$ID-out"; do [ ! -e "/run/netns/$net" ] || ip netns del "$net"; done
  umount "$RIG/disk" 2>/dev/null || true
  rm -rf --one-file-system "$RIG"
}
trap down EXIT

mkdir -p "$RIG"/{disk,lower,root}
mount -t tmpfs -o size=3g,mode=755 hooprig "$RIG/disk"
mkdir -p "$RIG"/disk/{upper,work}
for net in "$ID" "$ID-out"; do ip netns add "$net"; ip -n "$net" link set lo up; done
ip -n "$ID" link add wan0 type veth peer name wan0 netns "$ID-out"
ip -n "$ID" addr add 10.77.1.1/24 dev wan0
ip -n "$ID-out" addr add 10.77.1.2/24 dev wan0
for net in "$ID" "$ID-out"; do ip -n "$net" link set wan0 up; done
ip -n "$ID" route add default via 10.77.1.2

# Pure cgroup v2 and the mounts are in a mount namespace of the laptop's; the host's stay as they are.
boot() {
  RIG=$RIG ID=$ID SQUASHFS=$SQUASHFS unshare --mount --propagation private bash -euc '
    umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup
    mkdir -p "/sys/fs/cgroup/$ID"; echo $$ >"/sys/fs/cgroup/$ID/cgroup.procs"
    mount -t squashfs -o loop,ro "$SQUASHFS" "$RIG/lower"
    mount -t overlay overlay -o "lowerdir=$RIG/lower,upperdir=$RIG/disk/upper,workdir=$RIG/disk/work" "$RIG/root"
    export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
    exec systemd-nspawn --boot --register=no --keep-unit -D "$RIG/root" --machine="$ID" --hostname=laptop \
      --network-namespace-path="/run/netns/$ID" --capability=CAP_NET_ADMIN --system-call-filter=@keyring --console=read-only \
      --resolv-conf=off --link-journal=no --timezone=off "$@"' bash "${BINDS[@]}" >"$RIG/console.log" 2>&1 </dev/null &
  NSPAWN=$!
  disown "$NSPAWN" # or bash tells of each power cut
  LEADER=
  for _ in $(seq 300); do
    kill -0 "$NSPAWN" 2>/dev/null || break
    LEADER=$(pgrep -P "$NSPAWN" -x systemd | head -1 || true)
    case $([ -z "$LEADER" ] || nsenter -t "$LEADER" -a systemctl is-system-running 2>/dev/null) in running | degraded) break ;; esac
    LEADER=
    sleep 0.1
  done
  [ -n "$LEADER" ] || { echo "laptop.sh: the laptop did not boot" >&2; tail -n 20 "$RIG/console.log" >&2; exit 125; }
}
boot
if [ -n "$HOLD" ]; then
  echo "up $LEADER $ID $ID-out"
  while read -r word rest; do case $word in
    reboot) halt; boot; echo "up $LEADER $ID $ID-out" ;;
    crash) kill -KILL "$LEADER"; halt KILL; boot; echo "up $LEADER $ID $ID-out" ;;
    link) ip -n "$ID" link set wan0 "$rest"; [ "$rest" = down ] || ip -n "$ID" route replace default via 10.77.1.2; echo ok ;;
  esac; done
  exit 0
fi
code=0
nsenter -t "$LEADER" -a --wdns=/ env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
  TERM=dumb ${CI:+CI=$CI} "$@" || code=$?
exit $code
