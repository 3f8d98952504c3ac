# shellcheck shell=sh
# What the set-up scripts share. Sourced, never run.
#
# Every script keeps the same promise: it looks before it acts, says what it is about to install,
# installs only as root and only from the distribution's packages, and when it cannot, prints the
# command for the user and exits 3. Running it again changes nothing.

CANNOT=3 # the exit status of a part that only the user can supply

say() { printf '==> %s\n' "$*"; }
hint() { printf '    %s\n' "$*"; }

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" -eq 0 ]; }
has_systemd() { [ -d /run/systemd/system ]; }

# within SECONDS COMMAND… stops a command that hangs, where there is timeout(1).
within() {
	if have timeout; then
		timeout "$@"
	else
		shift
		"$@"
	fi
}

# apt COMMAND… runs apt-get without questions, and waits for another one that is at work.
apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@"
}

# offers PACKAGE tells whether the distribution has a package of that name to install.
offers() { apt-cache show "$1" 2>/dev/null | grep -q '^Version:'; }

# apt_update reads the package lists, once. Its lock has no time limit of apt's own, hence the loop.
apt_update() {
	[ -z "${updated:-}" ] || return 0
	say "Reading the package lists (apt-get update)"
	for pause in 5 15 30 0; do
		if apt update >&2; then
			updated=yes
			return 0
		fi
		[ "$pause" -eq 0 ] || sleep "$pause"
	done
	return 1
}

# install_packages WHAT PACKAGE… installs from the distribution, or says how and exits CANNOT.
install_packages() {
	what=$1
	shift
	if ! have apt-get; then
		say "$what is missing. Install your distribution's counterpart of: $*"
		exit "$CANNOT"
	fi
	if ! is_root; then
		say "$what is missing. Install it with:"
		hint "sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
		exit "$CANNOT"
	fi
	say "Installing $what with apt-get: $*"
	for package in "$@"; do
		offers "$package" || apt_update || break
	done
	if apt install --no-install-recommends "$@" >&2; then
		return 0
	fi
	# Lists that are too old name files that are gone.
	if apt_update && apt install --no-install-recommends "$@" >&2; then
		return 0
	fi
	say "apt-get could not install $what (see above)"
	exit "$CANNOT"
}
