package autoscale

// Counted are the workers as Size counts them: those that serve, and those on their way.
// One that drains, that was lost, or whose host is taken away is neither.
func Counted(workers []Worker) (c Count) {
	for _, w := range workers {
		switch {
		case !alive(w) || w.Doomed:
		case w.Ready:
			c.Ready++
		default:
			c.Starting++
		}
	}
	return c
}
