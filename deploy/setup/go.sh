#!/bin/sh
# Checks that Go is as new as the modules ask, or can fetch such a toolchain by itself.
# Exit: 0 it will do, 3 it is missing or too old.
set -eu
. "$(dirname "$0")/lib.sh"

root=$(cd "$(dirname "$0")/../.." && pwd)
if ! have go; then
	say "Go is missing: https://go.dev/doc/install"
	exit "$CANNOT"
fi
for module in "$root" "$root/temporaldev"; do
	[ -f "$module/go.mod" ] || continue
	# In a module's folder `go version` is the toolchain that builds it, or the reason why there is none.
	if ! answer=$(cd "$module" && go version 2>&1); then
		least=$(sed -n 's/^go //p' "$module/go.mod")
		say "Kelvin needs Go $least or newer: https://go.dev/doc/install"
		hint "$answer"
		exit "$CANNOT"
	fi
done
