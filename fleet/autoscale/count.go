package autoscale

// Counted are the workers as Size counts them: those that serve, and those on their way.
// One that drains, or that was lost, is neither.
func Counted(workers []Worker) (c Count) {
	for _, w := range workers {
		switch {
		case !alive(w):
		case w.Ready:
			c.Ready++
		default:
			c.Starting++
		}
	}
	return c
}
