#!/bin/sh
# Makes sure that there are LLVM's opt and llc: tests compile the kernels of the GPU memory test for the
# CPU with them, and run them behind a fake CUDA driver.
# Exit: 0 they are there, 3 only the user can help and has been told how.
set -eu
. "$(dirname "$0")/lib.sh"

# llvm NAME tells whether there is one of LLVM's tools, by its plain name or with a version.
llvm() {
	for version in '' -14 -15 -16 -17 -18 -19; do
		! have "$1$version" || return 0
	done
	return 1
}

# 14 is what the embedded PTX was made with: with it the tests can compare every byte.
if ! llvm opt || ! llvm llc; then
	! have apt-get || ! is_root || offers llvm-14 || apt_update || true
	if offers llvm-14; then
		install_packages LLVM llvm-14
	else
		install_packages LLVM llvm
	fi
fi
