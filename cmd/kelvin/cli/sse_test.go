package cli

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

func readEvents(in io.Reader) (all []serverEvent, r *eventReader, err error) {
	r = newEventReader(in)
	for {
		event, err := r.next()
		if err != nil {
			return all, r, err
		}
		all = append(all, event)
	}
}

func TestEventsAreReadAsTheStandardSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		want   []serverEvent
		lastID string
		retry  time.Duration
	}{
		"one":                    {text: "event: operation\nid: 7\ndata: {}\n\n", want: []serverEvent{{"operation", "{}"}}, lastID: "7"},
		"several lines":          {text: "data: a\ndata\ndata:b\ndata:  c\n\n", want: []serverEvent{{"message", "a\n\nb\n c"}}},
		"comments and unknown":   {text: ": beat\n\n:\nfoo: bar\ndata: x\n: mid\n\n", want: []serverEvent{{"message", "x"}}},
		"CRLF":                   {text: "data: a\r\n\r\ndata: b\r\n\r\n", want: []serverEvent{{"message", "a"}, {"message", "b"}}},
		"CR":                     {text: "data: a\r\rdata: b\r\r", want: []serverEvent{{"message", "a"}, {"message", "b"}}},
		"byte order mark":        {text: "\ufeffdata: a\n\ndata: \ufeffb\n\n", want: []serverEvent{{"message", "a"}, {"message", "\ufeffb"}}},
		"unfinished is nothing":  {text: "data: a\n\ndata: b\n", want: []serverEvent{{"message", "a"}}},
		"empty data is an event": {text: "data\n\n", want: []serverEvent{{"message", ""}}},
		"a name needs data":      {text: "event: x\n\ndata: y\n\n", want: []serverEvent{{"message", "y"}}},
		"ID without data":        {text: "id: 9\n\n", lastID: "9"},
		"ID stays":               {text: "id: 9\ndata: a\n\ndata: b\n\n", want: []serverEvent{{"message", "a"}, {"message", "b"}}, lastID: "9"},
		"ID taken back":          {text: "id: 9\ndata: a\n\nid\ndata: b\n\n", want: []serverEvent{{"message", "a"}, {"message", "b"}}},
		"ID with a zero":         {text: "id: 1\x002\ndata: a\n\n", want: []serverEvent{{"message", "a"}}},
		"ID of an unfinished":    {text: "id: 1\ndata: a\n\nid: 2\ndata: b\n", want: []serverEvent{{"message", "a"}}, lastID: "1"},
		"retry":                  {text: "retry: 1500\n\nretry: -5\nretry: 1e3\nretry:\n\n", retry: 1500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, in := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
				got, r, err := readEvents(in)
				require.ErrorIs(t, err, io.EOF)
				require.Equal(t, c.want, got)
				require.Equal(t, c.lastID, r.lastID)
				require.Equal(t, c.retry, r.retry)
			}
		})
	}
}

func TestAnEventComesWithoutWaitingForWhatFollows(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\n", "\r\n", "\r"} {
		in, out := io.Pipe()
		go func() { _, _ = out.Write([]byte("data: a" + end + end)) }()
		event, err := newEventReader(in).next() // would hang
		require.NoError(t, err)
		require.Equal(t, "a", event.data)
	}
}

func TestAnEndlessEventIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"data: " + strings.Repeat("x", maxEvent), strings.Repeat("data: "+strings.Repeat("x", 1<<20)+"\n", 5)} {
		_, _, err := readEvents(strings.NewReader(text))
		require.ErrorIs(t, err, errEventTooLong)
	}
}

func TestTheErrorOfAStreamIsKept(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	_, _, err := readEvents(io.MultiReader(strings.NewReader("data: a\n"), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)
}

// FuzzEvents reads any stream, in one piece and byte by byte, with one kind of line end and
// another: the events are the same, none holds a line end that it should not, and written
// down again they read as they were.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{"", "data: a\n\n", "id: 1\r\nevent: x\r\ndata: a\r\ndata: b\r\n\r\n", ":\r\rdata\r\r", "retry: 5\n\n\ufeffdata:x\n\n", "\ufeff\ufeffdata: x\n\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		whole, r, err := readEvents(strings.NewReader(text))
		require.ErrorIs(t, err, io.EOF)
		require.NotContains(t, r.lastID, "\x00")

		pieces, r2, err := readEvents(iotest.OneByteReader(strings.NewReader(text)))
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, whole, pieces)
		require.Equal(t, r.lastID, r2.lastID)

		unix := strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
		same, _, err := readEvents(strings.NewReader(unix))
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, whole, same)

		var again strings.Builder
		for _, event := range whole {
			require.NotContains(t, event.name, "\n")
			again.WriteString("event: " + event.name + "\n")
			for line := range strings.SplitSeq(event.data, "\n") {
				again.WriteString("data: " + line + "\n")
			}
			again.WriteString("\n")
		}
		back, _, err := readEvents(strings.NewReader(again.String()))
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, whole, back)
	})
}
