# Sourced by scripts/demo, scripts/test, scripts/bench, scripts/hoop, scripts/hoop-gateway and installers/build: makes a
# checkout runnable on a machine that has bash, git, Node >= 18 and npm. Everything it installs without root stays in the checkout (.tools, node_modules).
#   set_up WANTED...    WANTED: `demo`, `test`, `bench` or `installers`, what the system should have; none: the programs alone
# Idempotent. Progress goes to stderr; what it had to leave out is in SETUP_SKIPPED (one line each).

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TOOLS=$ROOT/.tools
PNPM_VERSION=10.34.9
SETUP_SKIPPED=()

say() { printf '%s\n' "hoop: $*" >&2; }
die() { say "$1"; [ -z "${2:-}" ] || printf '%s\n' "      $2" >&2; exit 1; }
failed() { tail -n 12 "$TOOLS/$2" >&2; die "$1 failed" "all of its output: $TOOLS/$2"; }

# The command that proves a need, and the Debian package that meets it.
NEEDS_demo=(psql:postgresql-client gnome-keyring-daemon:gnome-keyring dbus-run-session:dbus-daemon dbus-send:dbus-bin g++:g++ make:make python3:python3
  pkg-config:pkg-config libsecret:libsecret-1-dev setpriv:util-linux useradd:passwd)
NEEDS_test=("${NEEDS_demo[@]}" pgbench:postgresql curl:curl dbus-test-tool:dbus-tests secret-tool:libsecret-tools javac:openjdk-17-jdk-headless
  pgjdbc:libpostgresql-jdbc-java psycopg:python3-psycopg ip:iproute2 notify-send:libnotify-bin gdbus:libglib2.0-bin busctl:systemd dbus:python3-dbus gi:python3-gi)
# The peers that scripts/bench measures beside us.
NEEDS_bench=("${NEEDS_demo[@]}" pgbench:postgresql stunnel:stunnel4 sshd:openssh-server ssh:openssh-client dnsmasq:dnsmasq-base dnsperf:dnsperf)
# What installers/build packs, and packs it with.
NEEDS_installers=(g++:g++ make:make python3:python3 pkg-config:pkg-config libsecret:libsecret-1-dev dpkg-deb:dpkg strip:binutils xz:xz-utils)
# What only the long proofs of scripts/test --full use.
NEEDS_full=("${NEEDS_test[@]}" sqlsmith:sqlsmith mmdebstrap:mmdebstrap mksquashfs:squashfs-tools systemd-nspawn:systemd-container nft:nftables go:golang-go chromium:chromium gcc:gcc strip:binutils ruby:ruby)

has() {
  case $1 in
    libsecret) pkg-config --exists libsecret-1 2>/dev/null ;;
    pgjdbc) [ -e /usr/share/java/postgresql.jar ] ;;
    psycopg | dbus | gi) [ -d "/usr/lib/python3/dist-packages/$1" ] ;;
    # Debian's clients come with a wrapper of this name, which has nothing to run until the server's package is there.
    pgbench) pgbench --version >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/pgbench >/dev/null 2>&1 ;;
    sshd | dnsmasq) command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# How this user runs apt: empty, or "none".
apt_as() {
  if ! command -v apt-get >/dev/null; then echo none
  elif [ "$(id -u)" = 0 ]; then echo env
  elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then echo sudo
  else echo none; fi
}

system_packages() {
  local -n wanted=NEEDS_$1
  local missing=() need as
  for need in "${wanted[@]}"; do has "${need%%:*}" || missing+=("${need##*:}"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  as=$(apt_as)
  if [ "$as" != none ]; then
    say "installing ${missing[*]}"
    apt_install "$as" "${missing[@]}" || say "apt could not install them all; see $TOOLS/apt.log"
  fi
  for need in "${wanted[@]}"; do
    has "${need%%:*}" || SETUP_SKIPPED+=("${need%%:*}: not installed; sudo apt install ${need##*:}")
  done
}

apt_install() {
  local as=$1
  shift
  # A server's package would start a cluster of its own at once; ours are made by the tests and the demo.
  if [[ " $* " == *" postgresql "* ]] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    $as mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' | $as tee /etc/postgresql-common/createcluster.d/hoop.conf >/dev/null
  fi
  { $as apt-get update -qq && $as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >"$TOOLS/apt.log" 2>&1
}

bootstrap_node() {
  command -v node >/dev/null && command -v npm >/dev/null || die "Node.js 18 or newer with npm is needed to start" "Debian, Ubuntu: sudo apt install nodejs npm"
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ] || die "Node.js $(node -v) is too old to start with; 18 or newer is needed"
}

# Node's Linux builds need libatomic.so.1, which a minimal Debian lacks. apt installs it; without root, apt only fetches and
# checks the package, with folders of ours, and it is unpacked here.
libatomic() {
  local as at=$TOOLS/apt
  as=$(apt_as)
  say "adding libatomic, which Node needs"
  if [ "$as" != none ] && apt_install "$as" libatomic1; then return; fi
  mkdir -p "$at/lists/partial" "$at/cache/archives/partial" "$TOOLS/lib" && : >"$at/status"
  local options=(-qq -o "Dir::State=$at" -o "Dir::State::lists=$at/lists" -o "Dir::State::status=$at/status" -o "Dir::Cache=$at/cache")
  (cd "$at" && apt-get "${options[@]}" update && apt-get "${options[@]}" download libatomic1 && dpkg -x libatomic1_*.deb unpacked &&
    cp -P unpacked/usr/lib/*/libatomic.so.1* "$TOOLS/lib/") >"$TOOLS/apt.log" 2>&1
  rm -rf "$at"
  export LD_LIBRARY_PATH=$TOOLS/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  "$NODE" --version >/dev/null 2>&1 || { rm -rf "$TOOLS/lib"; die "$("$NODE" --version 2>&1)" "Debian, Ubuntu: sudo apt install libatomic1    Fedora: sudo dnf install libatomic"; }
}

pnpm() { "$TOOLS/pnpm/node_modules/.bin/pnpm" "$@"; }

dependencies() {
  local stamp=$TOOLS/installed want
  want=$(cat "$ROOT/pnpm-lock.yaml" "$ROOT"/packages/*/package.json "$ROOT/package.json" | cksum)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ] || [ ! -d "$ROOT/node_modules" ]; then
    bootstrap_node
    if [ "$(pnpm --version 2>/dev/null)" != $PNPM_VERSION ]; then
      say "installing pnpm $PNPM_VERSION"
      npm install --prefix "$TOOLS/pnpm" --no-audit --no-fund --no-update-notifier "pnpm@$PNPM_VERSION" >"$TOOLS/npm.log" 2>&1 || failed "npm install pnpm" npm.log
    fi
    say "installing packages"
    (cd "$ROOT" && pnpm install --frozen-lockfile --ignore-scripts --reporter=append-only >"$TOOLS/install.log" 2>&1) || failed "pnpm install" install.log
    printf '%s\n' "$want" >"$stamp"
  fi
  NODE=$(echo "$ROOT"/node_modules/node-*/bin/node)
  [ -x "$NODE" ] || die "no Node for this machine among the packages" "hoop runs on Linux and macOS, x64 and arm64"
  [ ! -d "$TOOLS/lib" ] || export LD_LIBRARY_PATH=$TOOLS/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  "$NODE" --version >/dev/null 2>&1 || libatomic
  PATH=$(dirname "$NODE"):$ROOT/node_modules/.bin:$TOOLS/pnpm/node_modules/.bin:$PATH
}

# keytar has no prebuilt binary that can be had from npm: built here, where a compiler and libsecret are.
keychain() {
  local folder
  folder=$(cd "$ROOT/packages/platform" && readlink -f node_modules/keytar 2>/dev/null) || return 0
  [ -d "$folder" ] && [ ! -e "$folder/build/Release/keytar.node" ] || return 0
  case $(uname -s) in Linux) has libsecret && has g++ && has make && has python3 || return 0 ;; esac
  say "building keytar"
  (cd "$folder" && npm_config_nodedir=$(dirname "$(dirname "$NODE")") "$NODE" "$TOOLS/pnpm/node_modules/pnpm/dist/node_modules/node-gyp/bin/node-gyp.js" rebuild >"$TOOLS/keytar.log" 2>&1) ||
    SETUP_SKIPPED+=("keychain: keytar did not build; see $TOOLS/keytar.log")
}

build() {
  local stamp=$TOOLS/built
  if [ -e "$stamp" ]; then
    [ -n "$(cd "$ROOT" && find packages/*/src packages/*/tsup.config.ts packages/*/package.json "$TOOLS/installed" -newer "$stamp" -print -quit)" ] || return 0
  fi
  say "building"
  touch "$stamp.new"
  (cd "$ROOT" && pnpm build >"$TOOLS/build.log" 2>&1) || failed "the build" build.log
  mv "$stamp.new" "$stamp"
}

set_up() {
  mkdir -p "$TOOLS"
  [ $# -eq 0 ] || system_packages "$1"
  dependencies
  keychain
  build
}
