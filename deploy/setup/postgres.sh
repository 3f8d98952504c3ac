#!/bin/sh
# Makes sure that PostgreSQL's server programs are installed: the tests start their own, short-lived
# servers from them (as an unprivileged user, for initdb refuses root). No service is set up.
# Exit: 0 they are there, 3 only the user can help and has been told how.
set -eu
. "$(dirname "$0")/lib.sh"

if have initdb; then
	exit 0
fi
for initdb in /usr/lib/postgresql/*/bin/initdb; do
	if [ -x "$initdb" ]; then
		exit 0
	fi
done

if have apt-get && is_root; then
	# The package would make and start a cluster on port 5432; nobody asked for one.
	quiet=/etc/postgresql-common/createcluster.d/kelvin-setup.conf
	mkdir -p "$(dirname "$quiet")"
	echo 'create_main_cluster = false' >"$quiet"
	trap 'rm -f "$quiet"; rmdir "$(dirname "$quiet")" 2>/dev/null || true' EXIT
fi
install_packages "PostgreSQL (its server programs, for tests)" postgresql
