#!/bin/sh
# Sets this machine up, as far as it may.
#
#   setup.sh build   Go and Node.js                         (checked: the newcomer brings them)
#   setup.sh dev     build, and a Docker engine             (without one, dev simulates its machine)
#   setup.sh test    dev, Chromium, PostgreSQL, gcc and LLVM (without one, its tests are skipped)
#
# Missing parts are installed from the distribution's packages when run as root; otherwise the command
# to do so is printed. With CI=true nothing may be missing: a skipped test would look like a passed one.
set -eu
here=$(dirname "$0")
. "$here/lib.sh"

usage() {
	sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

case ${1:-} in
build) required='go node' optional='' ;;
dev) required='go node' optional='docker' ;;
test) required='go node' optional='docker chromium postgres gcc llvm' ;;
*) usage ;;
esac

if [ "${CI:-}" = true ]; then
	required="$required $optional"
	optional=''
fi
failed=0
for part in $required; do
	"$here/$part.sh" || failed=1
done
[ "$failed" -eq 0 ] || exit "$CANNOT"
for part in $optional; do
	if "$here/$part.sh"; then
		continue
	fi
	case $1-$part in
	dev-docker) say "No Docker: Kelvin goes on with a simulated machine (no real containers)." ;;
	*) say "Going on without $part: the tests that need it are skipped, and say so." ;;
	esac
done
