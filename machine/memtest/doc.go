// Package memtest tests and scrubs the memory of one GPU at the speed of that memory. It is
// part of the program kelvin-gpu only: it calls the CUDA driver, through purego and without
// the CUDA toolkit, and a driver can hang for ever or end the process that calls it. So one
// process has one GPU, which its environment (CUDA_VISIBLE_DEVICES) names before it starts,
// and tells what it does in lines of package wire.
//
// The kernels are ours: kernels/memtest.ll is their source, and memtest.ptx beside it, which
// is what the driver compiles, is made from it by `go generate` (see TestPTXIsOfItsSource).
// What a level does is data: see Round. A test covers nearly all memory that the driver gives
// out; never covered are what driver and firmware keep, page tables, and pages that are out of
// service. It finds bits that are stuck or flip, lines of an address that are, and cells that
// influence each other as far as a data-parallel march can: on a GPU the order of accesses
// holds within a thread only, and ECC words and address scrambling hide which cells are
// neighbours, so none of this is the textbook's proof.
package memtest
