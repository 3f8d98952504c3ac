package archive

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// BenchmarkLogs keeps and reads what a chatty program writes.
func BenchmarkLogs(b *testing.B) {
	a, err := Open(b.Context(), Options{URL: "file://" + b.TempDir(), Key: testKey, CacheDir: b.TempDir()})
	require.NoError(b, err)
	defer a.Close(context.Background())
	l, err := a.Logs(b.Context())
	require.NoError(b, err)
	defer l.Close(context.Background())
	lease := newLease(newInstance(), 1)
	segment := func(first time.Time) *Segment {
		s := &Segment{InstanceID: lease.InstanceID, LeaseID: lease.ID, Epoch: 1, First: first}
		for n := 0; ; n++ {
			text := fmt.Sprintf("INFO 2026-01-02 03:04:05 engine.py:%d] Received request cmpl-%x: prompt tokens %d, running %d, GPU KV cache usage %d.%d%%", n%300, n*7919, n%4096, n%16, n%100, n%10)
			line := fleet.LogLine{At: first.Add(time.Duration(n) * time.Millisecond), Text: []byte(text)}
			if !s.Add(line) {
				return s
			}
			s.End = s.End.Past(line)
		}
	}
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b.Run("put", func(b *testing.B) {
		s := segment(begin)
		b.SetBytes(int64(s.Bytes))
		var stored int
		for b.Loop() {
			if stored, err = l.Put(b.Context(), s); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(s.Bytes)/float64(stored), "times-smaller")
	})
	const segments = 64
	for n := range segments {
		_, err := l.Put(b.Context(), segment(begin.Add(time.Duration(n)*time.Minute)))
		require.NoError(b, err)
	}
	for name, tail := range map[string]int{"read": 0, "tail": 500} {
		b.Run(name, func(b *testing.B) {
			if tail == 0 {
				b.SetBytes(segments * SegmentBytes)
			}
			for b.Loop() {
				r, err := l.Read(b.Context(), fleet.LogQuery{Instances: []string{lease.InstanceID}, Tail: tail})
				if err != nil {
					b.Fatal(err)
				}
				for _, err := range r.Lines(b.Context()) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
