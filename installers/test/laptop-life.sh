# Run by bare.sh: the life of the package hoop on a machine. Prints what it sees, a line each, for installers.full.ts.
set -u
export DEBIAN_FRONTEND=noninteractive
useradd -m -s /bin/bash alice
# All that dpkg and apt are not told to keep for themselves; people's homes are theirs.
tree() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /deb -o -path /tmp -o -path /home/alice -o -path /var/log \
    -o -path /var/cache/apt -o -path /var/lib/apt -o -name 'status-old' \) -prune -o -type f -printf '%p %m %u:%g ' -exec sha256sum {} \; \
    -o -printf '%p %y %m %u:%g %l\n' | sort
}
running() { for exe in /proc/[0-9]*/exe; do readlink "$exe"; done 2>/dev/null | grep -c '^/usr/lib/hoop/bin/node'; }
as() { su alice -c "$1" 2>&1; }

tree >/tmp/before
apt-get install -qq -o Acquire::Languages=none /deb/hoop_*.deb >/tmp/apt 2>&1; echo "install: $?"; grep -i warn /tmp/apt
echo "version: $(as 'hoop version --json')"
echo "help: $(as 'hoop --help' | head -n 1)"
echo "keytar: $(as "/usr/lib/hoop/bin/node -p 'typeof require(\"/usr/lib/hoop/node_modules/keytar\").getPassword'")"
echo "ls, logged out: $(as 'hoop ls; echo exit $?' | tail -n 1)"
echo "daemon: $(as 'hoop daemon status' | head -n 1 | cut -d, -f1)"
echo "resolver: $(as 'hoop status --json' | grep -o '"resolver":{"address":"127.77')"
echo "running: $(running)"
echo "completion: $(bash -c 'complete() { echo "$@"; }; . /usr/share/bash-completion/completions/hoop')"
echo "dpkg --verify: $(dpkg --verify hoop | wc -l) differ"
dpkg -i /deb/hoop_*.deb >/tmp/apt 2>&1; echo "upgrade: $?, running: $(running)"
apt-get remove -qq hoop >/tmp/apt 2>&1; echo "remove: $?, running: $(running)"
apt-get install -qq /deb/hoop_*.deb >/tmp/apt 2>&1; echo "again: $?"
mkdir -p -m 700 /var/lib/hoop; echo '{"version":1,"undo":[]}' >/var/lib/hoop/resolver.json
dpkg --purge hoop >/tmp/apt 2>&1; echo "purge: $?, $(grep -ic 'warn\|not empty' /tmp/apt) warnings"
tree >/tmp/after
diff /tmp/before /tmp/after >/tmp/diff; echo "left: $?"; cat /tmp/diff
