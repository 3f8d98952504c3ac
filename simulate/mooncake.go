package simulate

import (
	"slices"
	"strconv"
	"time"
)

// mooncakeGrain is how coarse the stamps of Mooncake's traces are.
const mooncakeGrain = int64(3 * time.Second)

// readMooncake reads the format of Mooncake's traces: one row per request.
func readMooncake(r *record) ([]Request, error) {
	var out []Request
	for {
		row, err := r.next()
		if err != nil || row == nil {
			slices.SortStableFunc(out, byTime)
			return out, err
		}
		at, err := strconv.ParseInt(row[0], 10, 64)
		if err != nil || at < 0 || at >= int64(longest/time.Millisecond) {
			return nil, r.fault("timestamp_ms must be a whole number of the first 400 days")
		}
		tokens, err := strconv.ParseInt(row[2], 10, 32)
		if err != nil || tokens < 0 {
			return nil, r.fault("output_length must be a whole number")
		}
		out = append(out, Request{At: at * int64(time.Millisecond), Tokens: int32(tokens)})
	}
}
