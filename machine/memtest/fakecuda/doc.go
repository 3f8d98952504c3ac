// Package fakecuda builds, for tests without a GPU, a libcuda.so.1 that runs the real kernels of the
// memory test on the CPU, with faults as its environment says: see ../testdata/fakecuda.c. It
// takes LLVM and a C compiler, which deploy/setup installs for tests; without them those tests are
// skipped.
package fakecuda
