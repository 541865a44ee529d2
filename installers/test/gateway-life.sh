# Run as root on a Debian with systemd, $1 the folder of the packages: the life of the package hoop-gateway. Prints what it
# sees, a line each, for installers.full.ts.
set -u
export DEBIAN_FRONTEND=noninteractive
tree() {
  find /etc /usr /var/lib /home /root /run/systemd -xdev \( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/systemd \
    -o -path /run/systemd/journal \) -prune -o -type f -printf '%p %m %u:%g ' -exec sha256sum {} \; -o -printf '%p %y %m %u:%g %l\n' |
    grep -v -e '^/etc/\(passwd\|group\|g\?shadow\)- ' -e '^/run/systemd/\(units\|sessions\|propagate\|transient\|users\|inaccessible\|unit-root\)' | sort
}
state() { systemctl is-active hoop-gateway; }
log() { journalctl --no-pager -o cat -u hoop-gateway; }

tree >/tmp/before
apt-get install -qq "$1"/hoop-gateway_*.deb >/tmp/apt 2>&1; echo "install: $?"; grep -i 'warn\|fail' /tmp/apt
echo "user: $(getent passwd hoop-gateway | cut -d: -f1,5-)"
systemctl start hoop-gateway; echo "without a configuration: $(state)"
cd / && hoop-gateway init --dir /etc/hoop-gateway --data /var/lib/hoop-gateway --host gateway.example.com >/tmp/init 2>&1; echo "init: $?"
echo 'PG_PROD_PASSWORD=secret' >/etc/hoop-gateway/environment; chown root:hoop-gateway /etc/hoop-gateway/environment; chmod 640 /etc/hoop-gateway/environment
systemctl enable --now --quiet hoop-gateway; for _ in $(seq 100); do ss -lnt | grep -q ':8443' && break; sleep 0.1; done
echo "serving: $(state), $(ss -lntH | grep -c ':8443') listening"
pid=$(systemctl show -P MainPID hoop-gateway)
[ "$pid" -gt 0 ] || { log | tail -n 20; exit 1; }
echo "process: $(readlink "/proc/$pid/exe") as $(stat -c %U "/proc/$pid"), capabilities $(grep -i capeff "/proc/$pid/status" | cut -f2)"
kill -USR1 "$pid"
echo "socket, a command of root's: $(hoop-gateway users ls | head -n 1 | cut -d' ' -f1)"
echo "not the gateway's own: $(find /var/lib/hoop-gateway ! -user hoop-gateway | wc -l)"
echo "discovery: $(/usr/lib/hoop-gateway/bin/node -e '
  require("https").get("https://127.0.0.1:8443/.well-known/hoop", { rejectUnauthorized: false }, (r) => console.log(r.statusCode)).on("error", (e) => console.log(e.code))')"
echo "a debugger of SIGUSR1: $(ss -lntH "sport = :9229" | wc -l), the same process: $([ "$(systemctl show -P MainPID hoop-gateway)" = "$pid" ] && echo yes)"
systemctl reload hoop-gateway; for _ in $(seq 50); do log | grep -q 'configuration reloaded' && break; sleep 0.1; done
echo "reload: $(log | grep -c 'configuration reloaded')"
kill -9 "$pid"; for _ in $(seq 100); do [ "$(systemctl show -P MainPID hoop-gateway)" != "$pid" ] && ss -lnt | grep -q ':8443' && break; sleep 0.1; done
echo "after kill -9: $(state)"
echo "exposure: $(systemd-analyze security hoop-gateway --no-pager | tail -n 1 | grep -o '[0-9]\.[0-9]')"
systemd-analyze verify --man=no /usr/lib/systemd/system/hoop-gateway.service; echo "verify: $?"
apt-get install -qq --reinstall "$1"/hoop-gateway_*.deb >/tmp/apt 2>&1; echo "upgrade: $?, $(state)"
systemctl stop hoop-gateway
echo "stopped: $(systemctl show -P Result hoop-gateway), $(hoop-gateway audit verify >/dev/null 2>&1 && echo record intact)"
systemctl start hoop-gateway
dpkg --remove hoop-gateway >/tmp/apt 2>&1; echo "remove: $?, $(ls /etc/hoop-gateway | tr '\n' ' ')kept, $(pgrep -c -u hoop-gateway) running"
dpkg --purge hoop-gateway >/tmp/apt 2>&1; echo "purge: $?"
tree >/tmp/after
diff /tmp/before /tmp/after >/tmp/diff; echo "left: $?"; cat /tmp/diff
