#!/bin/sh
# Makes sure that there is Caddy: the benchmarks run the gateway beside it.
# Exit: 0 there is one, 3 only the user can help and has been told how.
set -eu
. "$(dirname "$0")/lib.sh"

if have caddy; then
	exit 0
fi
install_packages "Caddy" caddy
# The package starts it as a service, which nobody asked for.
if has_systemd; then
	systemctl disable --now caddy >/dev/null 2>&1 || true
fi
