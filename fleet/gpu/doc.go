// Package gpu is what is known of the health of a GPU, and what follows from it: counters as
// the driver tells them, what a memory test found, the verdict on both, and the certificate
// of a scrub. It reads nothing itself: package machine does, for real GPUs and simulated ones.
//
// Two habits keep it honest. A value that could not be read is never zero: see Reading. And a
// verdict is Pass only if everything it needs is there: see Decide.
package gpu
