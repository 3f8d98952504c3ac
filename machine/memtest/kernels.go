package memtest

import _ "embed"

//go:generate sh -c "opt-14 -O2 kernels/memtest.ll | llc-14 -march=nvptx64 -mcpu=sm_70 -mattr=+ptx63 -o kernels/memtest.ptx"

// ptx is what the driver compiles for its GPU: of version 6.3, which drivers know since 2018,
// for sm_70 (Volta) and anything newer.
//
//go:embed kernels/memtest.ptx
var ptx []byte

// The kernels' records of what they found: how many words were wrong, then five u64 for each
// of the first.
const (
	maxRecords   = 64
	recordWords  = 5
	recordsBytes = (1 + maxRecords*recordWords) * 8
	// mt_shared counts, and marks the processors that it ran on.
	maxProcessors = 1024
	sharedBytes   = (1 + maxProcessors) * 8
)

// threads is how many a block of the grid has.
const threads = 256
