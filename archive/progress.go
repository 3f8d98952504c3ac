package archive

import (
	"fmt"
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// Progress is how far a call is. It is reported a few times a second.
type Progress struct {
	Phase      string // scanning, saving, verifying, restoring, comparing
	Bytes      int64  // done of BytesTotal
	BytesTotal int64  // 0: not known yet
	Files      int64  // done of FilesTotal
	FilesTotal int64
	Rate       int64 // bytes per second, of late
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
	s := fleet.Progress{Done: p.Bytes, Total: p.BytesTotal, Message: p.Phase}
	if p.FilesTotal > 0 {
		s.Message = fmt.Sprintf("%s, %d of %d files", p.Phase, p.Files, p.FilesTotal)
	}
	if p.BytesTotal > 0 {
		s.Percent = min(100, 100*float64(p.Bytes)/float64(p.BytesTotal))
	}
	return s
}
