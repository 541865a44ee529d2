#!/bin/sh
# Installs hoop from the folder this script is in, or a newer hoop over an older one.
#   install.sh [--prefix DIR]      where: /usr/local for root, ~/.local for anybody else
# What it installs is listed in DIR/lib/hoop/MANIFEST; DIR/lib/hoop/uninstall.sh takes it back.
set -eu
die() { echo "hoop: $1" >&2; [ -z "${2:-}" ] || echo "      $2" >&2; exit 1; }
from=$(cd "$(dirname "$0")" && pwd)
if [ "$(id -u)" = 0 ]; then prefix=/usr/local; else prefix=$HOME/.local; fi
case ${1:-} in
  '') ;;
  --prefix) prefix=${2:-}; [ $# = 2 ] || die "--prefix wants one folder" ;;
  -h | --help) sed -n '2,4p' "$0"; exit 0 ;;
  *) die "there is no option $1" "install.sh [--prefix DIR]" ;;
esac
# A path that stands as it is in a script, in a unit and in a plist.
case $prefix in *[!A-Za-z0-9/._+@\ -]* | *' ' | [!/]* | '') die "not a folder for programs: $prefix" "an absolute path of plain characters" ;; esac
case $prefix in ?*/) prefix=${prefix%/} ;; esac
lib=$prefix/lib/hoop

# It runs here, or nothing is installed. Node's Linux builds need libatomic, which a minimal system lacks.
said=$("$from/lib/hoop/bin/node" "$from/lib/hoop/main.js" version 2>&1) ||
  die "this machine cannot run it: $said" "libatomic is missing? Debian, Ubuntu: apt install libatomic1    Fedora: dnf install libatomic"
[ ! -e "$lib" ] || [ -f "$lib/MANIFEST" ] || die "$lib is there, and not from this script" "move it away, or use --prefix"

# What is made is written down: files, and the folders that were not there.
folders=
if [ ! -d "$prefix" ]; then mkdir -p "$prefix"; folders=./; fi
folder() {
  [ ! -d "$prefix/$1" ] || return 0
  case $1 in */*) folder "${1%/*}" ;; esac
  mkdir "$prefix/$1"
  folders="$folders $1/"
}
old=
[ ! -f "$lib/MANIFEST" ] || old=$(cat "$lib/MANIFEST")
files=$(cd "$from" && find share -type f | sort)
for file in bin/hoop lib/hoop $files; do folder "${file%/*}"; done
rm -rf "$lib.new"
cp -R "$from/lib/hoop" "$lib.new"
cp "$from/uninstall.sh" "$from/LICENSES" "$from/sbom.cdx.json" "$lib.new/"
before=
for file in $old; do case $file in */) before="$before $file" ;; esac; done
printf '%s\n' bin/hoop $files $before $folders >"$lib.new/MANIFEST"

# The program's folder is changed as a whole; what runs keeps the files it has open.
rm -rf "$lib.old"
[ ! -e "$lib" ] || mv "$lib" "$lib.old"
mv "$lib.new" "$lib"
rm -rf "$lib.old"
for file in $files; do cp "$from/$file" "$prefix/$file"; done
printf '#!/bin/sh\nexec "%s/bin/node" --disable-sigusr1 "%s/main.js" "$@"\n' "$lib" "$lib" >"$prefix/bin/.hoop.new"
chmod 755 "$prefix/bin/.hoop.new"
mv "$prefix/bin/.hoop.new" "$prefix/bin/hoop"
# What the older one had and this one has not.
for file in $old; do grep -qxF "$file" "$lib/MANIFEST" || rm -f "$prefix/$file"; done

echo "installed $said in $prefix; to take it back: $lib/uninstall.sh"
case :$PATH: in *":$prefix/bin:"*) ;; *) echo "      $prefix/bin is not in PATH" ;; esac
(cd "$lib" && bin/node --input-type=module -e 'await import("keytar")' 2>/dev/null) ||
  echo "      no keychain can be used without libsecret (Debian, Ubuntu: apt install libsecret-1-0; Fedora: dnf install libsecret)"
echo "next: hoop setup"
