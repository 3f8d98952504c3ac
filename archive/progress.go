package archive

import (
	"fmt"
	"sync"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Progress is how far a call is. It is reported a few times a second, and at the end.
type Progress struct {
	Phase      string `json:"phase"`       // scanning, saving, verifying, restoring, comparing
	Bytes      int64  `json:"bytes"`       // done of BytesTotal
	BytesTotal int64  `json:"bytes_total"` // 0: not known yet
	Files      int64  `json:"files"`       // done of FilesTotal
	FilesTotal int64  `json:"files_total"`
	Rate       int64  `json:"rate"` // bytes per second, of late
}

// Left is how long the rest will take at this rate; 0 where nobody knows.
func (p Progress) Left() time.Duration {
	if p.Rate <= 0 || p.BytesTotal <= p.Bytes {
		return 0
	}
	return time.Duration(float64(p.BytesTotal-p.Bytes) / float64(p.Rate) * float64(time.Second))
}

// Step is the progress as an operation's step shows it.
func (p Progress) Step() fleet.Progress {
	s := fleet.Progress{Done: p.Bytes, Total: p.BytesTotal, Message: p.Phase, Rate: p.Rate, Left: fleet.Duration(p.Left())}
	if p.FilesTotal > 0 {
		s.Message = fmt.Sprintf("%s, %d of %d files", p.Phase, p.Files, p.FilesTotal)
	}
	if p.BytesTotal > 0 {
		s.Percent = min(100, 100*float64(p.Bytes)/float64(p.BytesTotal))
	}
	return s
}

// A meter counts, and reports four times a second.
type meter struct {
	bytes, bytesTotal, files, filesTotal counter

	report  func(Progress)
	mu      sync.Mutex
	phase   string
	lately  []sample // of the last seconds
	stopped chan struct{}
	done    chan struct{}
}

type sample struct {
	at    time.Time
	bytes int64
}

const (
	reportEvery = 250 * time.Millisecond
	rateOver    = 5 * time.Second
)

func newMeter(phase string, report func(Progress)) *meter {
	m := &meter{report: report, phase: phase, stopped: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(m.done)
		ticker := time.NewTicker(reportEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				m.tell()
			case <-m.stopped:
				m.tell()
				return
			}
		}
	}()
	return m
}

// begin starts a phase with totals.
func (m *meter) begin(phase string, bytes, files int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.phase, m.lately = phase, []sample{{time.Now(), 0}}
	m.bytes.Store(0)
	m.files.Store(0)
	m.bytesTotal.Store(bytes)
	m.filesTotal.Store(files)
}

func (m *meter) tell() {
	m.mu.Lock()
	now := sample{time.Now(), m.bytes.Load()}
	for len(m.lately) > 1 && now.at.Sub(m.lately[0].at) > rateOver {
		m.lately = m.lately[1:]
	}
	p := Progress{
		Phase: m.phase, Bytes: now.bytes, BytesTotal: m.bytesTotal.Load(), Files: m.files.Load(), FilesTotal: m.filesTotal.Load(),
	}
	if len(m.lately) > 0 && now.at.After(m.lately[0].at) {
		p.Rate = int64(float64(now.bytes-m.lately[0].bytes) / now.at.Sub(m.lately[0].at).Seconds())
	}
	m.lately = append(m.lately, now)
	m.mu.Unlock()
	if m.report != nil {
		m.report(p)
	}
}

// end reports a last time. Nothing is reported after it.
func (m *meter) end() {
	close(m.stopped)
	<-m.done
}
