package simulate

import (
	"testing"
	"time"
)

// Three days of the busiest client, 7 million requests, under one policy: events are
// arrivals, ends and seconds.
func BenchmarkRun(b *testing.B) {
	w, err := Find("m-small-18")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"static-peak", "knative", "default", "fast"} {
		b.Run(name, func(b *testing.B) {
			contenders, err := ParseContenders(name, nil)
			if err != nil {
				b.Fatal(err)
			}
			events := 0
			begin := time.Now()
			for b.Loop() {
				results, err := Run(w, 1, contenders, Usual(), Watch{})
				if err != nil {
					b.Fatal(err)
				}
				events += 2*results[0].Offered.Requests + len(results[0].Offered.PerSecond)
			}
			b.ReportMetric(float64(events)/time.Since(begin).Seconds(), "events/s")
		})
	}
}
