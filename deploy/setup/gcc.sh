#!/bin/sh
# Makes sure that there is a C compiler: tests build libraries of GPU drivers without a GPU with it, and
# kelvin-gpu gets NVML.
# Exit: 0 there is one, 3 only the user can help and has been told how.
set -eu
. "$(dirname "$0")/lib.sh"

have gcc || install_packages "a C compiler" gcc libc6-dev
