#!/usr/bin/env bash
# Builds, or finds, a Debian 12 that boots with systemd: one squashfs file, whose path goes to stdout.
# Cached in $RIG_CACHE (/tmp/hoop-rig/cache), under a hash of this script. Needs mmdebstrap and mksquashfs.
set -euo pipefail
CACHE=${RIG_CACHE:-/tmp/hoop-rig/cache}
PACKAGES=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,systemd-resolved,libnss-resolve,libnss-myhostname
PACKAGES+=,gnome-keyring,libsecret-1-0,libsecret-tools,libatomic1,postgresql-client,ca-certificates,iproute2,procps,polkitd
# What a desktop shows notices with, and one that can be looked at.
PACKAGES+=,libnotify-bin,python3-dbus,python3-gi
# What set-up meets on other machines; off until a test wants it.
PACKAGES+=,sudo,nftables,libnss3-tools,openssl,network-manager,dnsmasq
OUT=$CACHE/rootfs-$(sha256sum <"$0" | cut -c1-12).sqfs
[ ! -s "$OUT" ] || { echo "$OUT"; exit 0; }
mkdir -p "$CACHE"
# In memory where there is room: three times as fast, since nothing is synced.
WORK=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)/hoop-rig.XXXXXX")
trap 'rm -rf --one-file-system "$WORK"' EXIT
ROOT=$WORK/root
TMPDIR=$WORK mmdebstrap --quiet --variant=minbase --include="$PACKAGES" --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  bookworm "$ROOT" >&2
: >"$ROOT/etc/machine-id" # empty: a new id at each boot
echo laptop >"$ROOT/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 laptop\n::1 localhost\n' >"$ROOT/etc/hosts"
for unit in systemd-networkd.service systemd-networkd.socket systemd-network-generator.service apt-daily.timer \
  apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer console-getty.service nftables.service NetworkManager.service NetworkManager-dispatcher.service \
  NetworkManager-wait-online.service dnsmasq.service; do
  ln -sf /dev/null "$ROOT/etc/systemd/system/$unit"
done
rm -rf "$ROOT"/var/cache/apt/* "$ROOT"/var/lib/apt/lists/*
mksquashfs "$ROOT" "$OUT.tmp" -comp zstd -Xcompression-level 6 -noappend -quiet -no-progress >&2
mv "$OUT.tmp" "$OUT"
echo "$OUT"
