# Run by bare.sh: the life of hoop from its tarball, as alice, then as root. Prints what it sees, a line each, for
# installers.full.ts.
set -u
useradd -m -s /bin/bash alice
tree() {
  find "$@" -xdev \( -path '*/.cache/hoop' -o -path '*/.local/state/hoop' -o -path '*/unpacked' \) -prune -o -type f -printf '%p %m %u:%g ' \
    -exec sha256sum {} \; -o -printf '%p %y %m %u:%g %l\n' | sort
}
as() { su - alice -c "$1" 2>&1; }
unpack() { mkdir -p "$1" && tar -C "$1" --strip-components=1 --no-same-owner -xzf /deb/hoop-*-linux-*.tar.gz; }

unpack /home/alice/unpacked && chown -R alice: /home/alice/unpacked
# Somebody else's folder there stays, and one that only hoop's files are in goes.
as 'mkdir -p .local/share .local/state .cache'
tree /home/alice >/tmp/before
as 'unpacked/install.sh'
echo "as alice: $(as '.local/bin/hoop version')"
as '.local/bin/hoop daemon status >/dev/null || .local/bin/hoop status' | head -n 1 | cut -d, -f1
echo "again: $(as 'unpacked/install.sh' | head -n 1)"
echo "manual: $(as 'zcat .local/share/man/man1/hoop.1.gz' | head -n 1 | cut -d' ' -f1,2)"
as '.local/lib/hoop/uninstall.sh'
tree /home/alice >/tmp/after
diff /tmp/before /tmp/after; echo "left of alice's: $?"
for exe in /proc/[0-9]*/exe; do readlink "$exe"; done 2>/dev/null | grep -c hoop | sed 's/^/running: /'

unpack /srv/unpacked
tree /usr /etc >/tmp/before
/srv/unpacked/install.sh | head -n 1
echo "as root, for everybody: $(as 'hoop version')"
/usr/local/lib/hoop/uninstall.sh
echo "elsewhere: $(/srv/unpacked/install.sh --prefix "/opt/of it's" 2>&1 | head -n 1)"
mkdir -p /usr/local/lib/hoop; echo "over another's: $(/srv/unpacked/install.sh 2>&1 | head -n 1)"; rmdir /usr/local/lib/hoop
tree /usr /etc >/tmp/after
diff /tmp/before /tmp/after; echo "left of root's: $?"
rm /usr/lib/*/libatomic.so.1*
/srv/unpacked/install.sh 2>&1 | head -n 1 | cut -d: -f1,2; echo "without libatomic: $(ls /usr/local/lib | grep -c hoop)"
