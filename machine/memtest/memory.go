package memtest

import "errors"

// A chunk is a piece of the GPU's memory.
type chunk struct {
	at    uint64 // its address
	words uint64 // of 16 bytes
	first uint64 // index of its first word in the memory under test
}

const (
	page = 2 << 20 // of a GPU, and what the driver rounds allocations to
	word = 16
)

// wanted is how much memory to take, of what is free and what could be used at most: 97 % of
// what is free; more of it, up to 99 %, where that would be less than 96 % of all, as on small
// GPUs of which our own context takes a good part.
func wanted(free, usable uint64) uint64 {
	least := free / 100 * 97
	most := free / 100 * 99
	return min(most, max(least, usable/100*96)) &^ (page - 1)
}

// allocate takes that much memory in chunks of at most `chunkSize` bytes, and less than that as
// long as the driver says that there is not so much: by 2 MiB first, then twice that each
// time, up to a hundredth of all. It calls alive between, for each takes a while.
func (d *device) allocate(want, chunkSize uint64, alive func()) ([]chunk, error) {
	var chunks []chunk
	var words uint64
	step := uint64(page)
	for left := want; left >= page; {
		alive()
		size := min(left, chunkSize)
		var at uint64
		err := d.failed("cuMemAlloc_v2", d.MemAlloc(&at, size))
		var refused *cudaError
		switch {
		case err == nil:
			chunks = append(chunks, chunk{at: at, words: size / word, first: words})
			words += size / word
			left -= size
			continue
		case !errors.As(err, &refused) || refused.Code != outOfMemory:
			return chunks, err
		}
		// There is less than `size`: what is left shrinks below it.
		left = (min(left, size) - min(left, size, step)) &^ (page - 1)
		step = min(step*2, max(page, want/100&^(page-1)))
	}
	return chunks, nil
}

// bytes are those of all chunks.
func bytes(chunks []chunk) (n uint64) {
	for _, c := range chunks {
		n += c.words * word
	}
	return n
}
