//go:build unix

package cli

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// watchSize tells when a terminal gets another size, until stop is called.
func watchSize(*os.File) (resized <-chan struct{}, stop func()) {
	signals, changed := make(chan os.Signal, 1), make(chan struct{}, 1)
	signal.Notify(signals, unix.SIGWINCH)
	ended := make(chan struct{})
	go func() {
		defer close(changed)
		for {
			select {
			case <-ended:
				return
			case <-signals:
				select {
				case changed <- struct{}{}:
				default: // it is told already
				}
			}
		}
	}()
	return changed, func() {
		signal.Stop(signals)
		close(ended)
	}
}
