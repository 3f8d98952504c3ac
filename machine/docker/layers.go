package docker

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// often is the least time between two reports of progress.
const often = 100 * time.Millisecond

// layers add up the progress of an image's layers, which come in parallel.
type layers struct {
	image   string
	report  func(fleet.Progress)
	layers  map[string]*layer
	last    time.Time
	percent float64
}

type layer struct{ done, total int64 }

// add takes a line of the engine's report. Bytes count once, when they are downloaded;
// the layer of a line without sizes is not known yet, or already here.
func (l *layers) add(m message) {
	if l.layers == nil {
		l.layers = map[string]*layer{}
	}
	switch m.Status {
	case "Downloading":
		if m.Progress.Total > 0 {
			l.layers[m.ID] = &layer{done: m.Progress.Current, total: m.Progress.Total}
		}
	case "Download complete", "Pull complete":
		if known := l.layers[m.ID]; known != nil {
			known.done = known.total
		}
	}
	if now := time.Now(); now.Sub(l.last) >= often {
		l.last = now
		l.tell()
	}
}

// tell reports the sum, if there is anything to download.
func (l *layers) tell() {
	var sum layer
	for _, known := range l.layers {
		sum.done += known.done
		sum.total += known.total
	}
	if sum.total == 0 {
		return
	}
	// Sizes become known one by one; people do not like to see a percentage shrink.
	l.percent = max(l.percent, 100*float64(sum.done)/float64(sum.total))
	l.report(fleet.Progress{Message: "pulling " + l.image, Done: sum.done, Total: sum.total, Percent: l.percent})
}
