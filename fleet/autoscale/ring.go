package autoscale

// A ring keeps the newest cells of a row that goes on for ever. Its size is a power of two.
type ring[T any] struct {
	cells []T
	now   int64 // index of the newest cell
}

// to moves on to a cell, and empties those that it passes. It never goes back.
func (r *ring[T]) to(index int64) *T {
	var empty T
	for n := min(index-r.now, int64(len(r.cells))); n > 0; n-- {
		r.cells[(index-n+1)&int64(len(r.cells)-1)] = empty
	}
	r.now = max(r.now, index)
	return r.ago(0)
}

// ago is the cell that is so many before the newest.
func (r *ring[T]) ago(n int) *T {
	return &r.cells[(r.now-int64(n))&int64(len(r.cells)-1)]
}
