#!/bin/sh
# Checks Node.js and npm, which the newcomer brings: the console is built with them.
# Exit: 0 they will do, 3 they are missing or too old.
set -eu
. "$(dirname "$0")/lib.sh"

LEAST=20

if ! have node || ! have npm; then
	say "Kelvin's console needs Node.js $LEAST or newer, with npm. Install it, for example:"
	hint "from https://nodejs.org/en/download, or with nvm: nvm install --lts"
	exit "$CANNOT"
fi
version=$(node --version)
major=${version#v}
major=${major%%.*}
if [ "$major" -lt "$LEAST" ]; then
	say "Kelvin's console needs Node.js $LEAST or newer; $(command -v node) is $version. A newer one:"
	hint "from https://nodejs.org/en/download, or with nvm: nvm install --lts"
	exit "$CANNOT"
fi
