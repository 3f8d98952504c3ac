package simulate

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/kelvin-gpu/kelvin/fleet"
)

// The traces that come along, with their licences and attributions (traces/README.md).
//
//go:embed traces
var traces embed.FS

// A tracked file is one whose contents and length are known.
type tracked struct {
	sum  string // the first 16 hex digits of its SHA-256
	rows int    // without the head; 0: not counted
}

var trackedFiles = map[string]tracked{
	"azure_llm_2023/AzureLLMInferenceTrace_code.csv.gz": {"a693e93b69f7c2ad", 8819},
	"azure_llm_2023/AzureLLMInferenceTrace_conv.csv.gz": {"9d3518f77e4387c3", 19366},
	"mooncake/conversation_trace.csv.gz":                {"d12780513ae9620c", 12031},
	"servegen/language-m-small-clients.csv.gz":          {"6ea6fcb3c6f9afde", 40095},
	"servegen/language-m-small-total.csv.gz":            {"69fec6e1247f6c63", 2016},
	"bamboo/capacity_rle.csv":                           {"fcd4d3016182ce69", 529},
	"bamboo/g4dn-trace.csv":                             {"6a21d2003cfa16ac", 0},
	"bamboo/p3-trace.csv":                               {"0b7828fcd4637799", 0},
	"bamboo/gcp-a100x1-east1b.txt":                      {"cbd874201d07901a", 0},
}

// Included reads a trace that comes along, by its path under traces/. One that is not as
// it was published is refused.
func Included(path string) ([]byte, error) {
	want, known := trackedFiles[path]
	if !known {
		return nil, fleet.Errorf(fleet.NotFound, "no trace %q comes along", path)
	}
	raw, err := traces.ReadFile("traces/" + path)
	if err != nil {
		return nil, fleet.Errorf(fleet.NotFound, "trace %q: %v", path, err)
	}
	return raw, want.check(path, raw)
}

func (t tracked) check(path string, raw []byte) error {
	sum := sha256.Sum256(raw)
	if got := hex.EncodeToString(sum[:8]); got != t.sum {
		return fleet.Errorf(fleet.Invalid, "trace %s is not the published file: its SHA-256 begins with %s, not %s", path, got, t.sum)
	}
	return nil
}

// A record reads the rows of one CSV file, compressed or not.
type record struct {
	path string
	head []string
	rows *csv.Reader
	want int // rows there must be, 0: any number
	read int
}

// included opens a CSV that comes along.
func included(path string) (*record, error) {
	raw, err := Included(path)
	if err != nil {
		return nil, err
	}
	r, err := openRecord(path, raw)
	if err != nil {
		return nil, err
	}
	r.want = trackedFiles[path].rows
	return r, nil
}

// fromFile opens any CSV file.
func fromFile(path string) (*record, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fleet.Errorf(fleet.NotFound, "trace %s: %v", path, errors.Unwrap(err))
	}
	return openRecord(path, raw)
}

func openRecord(path string, raw []byte) (*record, error) {
	var in io.Reader = bytes.NewReader(raw)
	if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return nil, fleet.Errorf(fleet.Invalid, "trace %s: %v", path, err)
		}
		in = unpacked
	}
	r := &record{path: path, rows: csv.NewReader(bufio.NewReader(in))}
	r.rows.ReuseRecord = true
	head, err := r.rows.Read()
	if err != nil {
		return nil, fleet.Errorf(fleet.Invalid, "trace %s has no head: %v", path, err)
	}
	r.head = slices.Clone(head)
	return r, nil
}

// next gives one row, nil after the last. It fails at the end when rows are missing.
func (r *record) next() ([]string, error) {
	row, err := r.rows.Read()
	if errors.Is(err, io.EOF) {
		switch {
		case r.want > 0 && r.read != r.want:
			return nil, fleet.Errorf(fleet.Invalid, "trace %s has %d rows, not %d", r.path, r.read, r.want)
		case r.read == 0:
			return nil, fleet.Errorf(fleet.Invalid, "trace %s has no rows", r.path)
		}
		return nil, nil
	}
	if err != nil {
		return nil, fleet.Errorf(fleet.Invalid, "trace %s: %v", r.path, err)
	}
	r.read++
	return row, nil
}

// fault names the row that was read last.
func (r *record) fault(what string) error {
	return fleet.Errorf(fleet.Invalid, "trace %s, row %d: %s", r.path, r.read, what)
}

func (r *record) has(columns ...string) bool {
	return strings.Join(r.head, ",") == strings.Join(columns, ",")
}
