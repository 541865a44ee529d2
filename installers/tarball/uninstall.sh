#!/bin/sh
# Takes back what install.sh did, and before that what `hoop setup` did. A person's login and settings stay.
set -eu
case ${1:-} in
  '') ;;
  -h | --help) sed -n '2s/^# //p' "$0"; exit 0 ;;
  *) echo "hoop: there is no option $1" >&2; exit 2 ;;
esac
lib=$(cd "$(dirname "$0")" && pwd)
prefix=${lib%/lib/hoop}
[ -f "$lib/MANIFEST" ] && [ "$prefix" != "$lib" ] || { echo "hoop: nothing was installed by install.sh in $lib" >&2; exit 1; }
hoop() { env -u NODE_OPTIONS "$lib/bin/node" "$lib/main.js" "$@"; }

# Where `hoop setup` keeps its journal: Linux, macOS.
if [ -d /var/lib/hoop ] || [ -d '/Library/Application Support/hoop-setup' ]; then
  hoop setup --undo || { echo "hoop: setup could not be undone, so nothing was removed" >&2; exit 1; }
fi
[ "$(id -u)" = 0 ] || hoop daemon stop 2>/dev/null || true

# Files of ours; then, the inner ones first, folders that were not there before, if nobody else uses them.
folders=
while read -r entry; do
  case $entry in */) folders="$entry $folders" ;; *) rm -f "$prefix/$entry" ;; esac
done <"$lib/MANIFEST"
rm -rf "$lib"
for folder in $folders; do rmdir "$prefix/$folder" 2>/dev/null || true; done
echo "removed hoop from $prefix"
