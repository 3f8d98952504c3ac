package simulate

import (
	"slices"
	"strconv"
	"time"
)

const azureStamp = "2006-01-02 15:04:05.0000000"

// readAzure reads the format of Azure's LLM inference traces: one row per request.
func readAzure(r *record) ([]Request, error) {
	var out []Request
	var first time.Time
	for {
		row, err := r.next()
		if err != nil || row == nil {
			slices.SortStableFunc(out, byTime)
			return out, err
		}
		at, err := time.Parse(azureStamp, row[0])
		if err != nil {
			return nil, r.fault("TIMESTAMP must look like " + azureStamp)
		}
		tokens, err := strconv.ParseInt(row[2], 10, 32)
		if err != nil || tokens < 0 {
			return nil, r.fault("GeneratedTokens must be a whole number")
		}
		if len(out) == 0 {
			first = at
		}
		if at.Before(first) || at.Sub(first) >= longest {
			return nil, r.fault("earlier than the first row, or more than 400 days later")
		}
		out = append(out, Request{At: int64(at.Sub(first)), Tokens: int32(tokens)})
	}
}

// An overlay puts copies of recorded requests over each other, each shifted cyclically by
// an offset of its own.
func overlay(parts [][]Request, copies int, span, grain int64, random *Random) []Request {
	var out []Request
	for _, part := range parts {
		for range copies {
			shift := random.Between(0, span)
			for _, q := range part {
				at := q.At + shift
				if grain > 0 { // stamps are this coarse: spread them
					at += random.Between(0, grain)
				}
				out = append(out, Request{At: at % span, Tokens: q.Tokens})
			}
		}
	}
	slices.SortStableFunc(out, byTime)
	return out
}
