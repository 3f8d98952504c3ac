//go:build !unix

package cli

import (
	"os"
	"time"
)

// watchSize tells when a terminal gets another size, until stop is called. Nobody says so
// here: it looks now and then.
func watchSize(terminal *os.File) (resized <-chan struct{}, stop func()) {
	changed, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(changed)
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for last := sizeOf(terminal); ; {
			select {
			case <-ended:
				return
			case <-tick.C:
			}
			if now := sizeOf(terminal); now != last {
				last = now
				select {
				case changed <- struct{}{}:
				default:
				}
			}
		}
	}()
	return changed, func() { close(ended) }
}
