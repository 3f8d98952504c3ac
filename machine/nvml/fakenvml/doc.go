// Package fakenvml builds, for tests without a GPU, a libnvidia-ml.so.1 whose GPUs are as its
// environment says: see ../testdata/fakenvml.c. It takes a C compiler, which deploy/setup
// installs for tests; without one those tests are skipped.
package fakenvml
