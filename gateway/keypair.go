package gateway

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// lookEvery is how often the files of a certificate are looked at, when somebody asks.
const lookEvery = 5 * time.Second

// A keyPair is a certificate and its key in files, which others may replace.
type keyPair struct {
	certFile, keyFile string

	mu      sync.Mutex
	current *tls.Certificate
	written [2]time.Time // the files
	looked  time.Time
}

// openKeyPair returns Invalid if the files are none, or do not belong together.
func openKeyPair(certFile, keyFile string) (*keyPair, error) {
	k := &keyPair{certFile: certFile, keyFile: keyFile}
	k.written = k.modified()
	if err := k.read(); err != nil {
		return nil, err
	}
	k.looked = time.Now()
	return k, nil
}

func (k *keyPair) read() error {
	pair, err := tls.LoadX509KeyPair(k.certFile, k.keyFile)
	if err != nil {
		return fleet.Errorf(fleet.Invalid, "read the certificate: %v", err)
	}
	k.current = &pair
	return nil
}

// modified are the times of the files; zero for one that is not there.
func (k *keyPair) modified() (times [2]time.Time) {
	for i, file := range []string{k.certFile, k.keyFile} {
		if info, err := os.Stat(file); err == nil {
			times[i] = info.ModTime()
		}
	}
	return times
}

// get returns the certificate. With an error, which comes once for each change of the
// files, it is the one from before.
func (k *keyPair) get() (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if now.Sub(k.looked) < lookEvery {
		return k.current, nil
	}
	k.looked = now
	written := k.modified()
	if written == k.written {
		return k.current, nil
	}
	k.written = written
	return k.current, k.read()
}
