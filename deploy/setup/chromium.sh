#!/bin/sh
# Makes sure that there is a Chromium for the console's browser tests, and fonts it can draw.
# Exit: 0 there is one, 3 only the user can help and has been told how.
set -eu
. "$(dirname "$0")/lib.sh"

for browser in chromium chromium-browser google-chrome google-chrome-stable; do
	# Ubuntu's chromium-browser may be a stub that only points at a snap.
	if have "$browser" && within 30 "$browser" --version >/dev/null 2>&1; then
		exit 0
	fi
done

if have apt-get && [ "$(. /etc/os-release && echo "$ID")" = ubuntu ]; then
	say "Chromium is missing, and Ubuntu ships it only as a snap. Install it with:"
	hint "sudo snap install chromium"
	exit "$CANNOT"
fi
install_packages Chromium chromium fonts-liberation
