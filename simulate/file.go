package simulate

import (
	"time"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// A File is a trace of a known format, as a workload. The format is told by its head.
type File struct {
	Path     string
	Copies   int     // of recorded requests, shifted cyclically; 1: as they are
	Client   int     // of rates per client; -1: none was named
	From, To int     // days of rates; To 0: to the last
	Share    float64 // of the rates
}

// Formats says which files there are.
const Formats = "TIMESTAMP,ContextTokens,GeneratedTokens (Azure), timestamp_ms,input_length,output_length (Mooncake) or client,t_s,rate_rps,iat_cv,pattern,param1,param2 (ServeGen)"

// Workload reads the file and makes an endpoint of it, with the given service time.
func (f File) Workload(service Service) (*Workload, error) {
	r, err := fromFile(f.Path)
	if err != nil {
		return nil, err
	}
	w := endpoint(f.Path, f.Path, service)
	if r.has("client", "t_s", "rate_rps", "iat_cv", "pattern", "param1", "param2") {
		return w, f.rates(w, r)
	}
	var requests []Request
	grain := int64(0)
	switch {
	case r.has("TIMESTAMP", "ContextTokens", "GeneratedTokens"):
		requests, err = readAzure(r)
	case r.has("timestamp_ms", "input_length", "output_length"):
		requests, err = readMooncake(r)
		grain = mooncakeGrain
	default:
		return nil, fleet.Errorf(fleet.Invalid, "trace %s is of no known format: it must be a CSV, gzip or not, with the head %s", f.Path, Formats)
	}
	if err != nil {
		return nil, err
	}
	second := int64(time.Second)
	span := (requests[len(requests)-1].At+grain)/second*second + second
	w.Block = 10 * time.Minute
	w.Open = func(seed uint64) (Arrivals, error) {
		random := NewRandom(seed, w.Name)
		if f.Copies <= 1 && grain == 0 {
			return &recording{requests: append([]Request(nil), requests...), span: span}, nil
		}
		return &recording{requests: overlay([][]Request{requests}, max(1, f.Copies), span, grain, random), span: span}, nil
	}
	return w, nil
}

func (f File) rates(w *Workload, r *record) error {
	all, err := readServeGen(r)
	if err != nil {
		return err
	}
	if f.Client < 0 {
		return fleet.Errorf(fleet.Invalid, "trace %s has %d clients: name one of them with --client", f.Path, len(all))
	}
	if len(all[f.Client]) > 0 && f.To == 0 {
		last := all[f.Client][len(all[f.Client])-1].at
		f.To = int(last/int64(24*time.Hour)) + 1
	}
	windows, err := pick(all, f.Client, f.From, f.To, f.Share)
	if err != nil {
		return err
	}
	if len(windows) == 0 {
		return fleet.Errorf(fleet.Invalid, "client %d of trace %s has no traffic on days %d-%d", f.Client, f.Path, f.From, f.To)
	}
	w.Active, w.Block = 0, 24*time.Hour
	w.Open = func(seed uint64) (Arrivals, error) {
		return &renewal{windows: windows, span: int64(f.To-f.From) * int64(24*time.Hour), random: NewRandom(seed, w.Name)}, nil
	}
	return nil
}
