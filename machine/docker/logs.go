package docker

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/kelvin-gpu/kelvin/fleet"
	"github.com/kelvin-gpu/kelvin/machine"
)

// Logs implements machine.Machine.
func (e *Engine) Logs(ctx context.Context, leaseID string, o machine.LogOptions) (io.ReadCloser, error) {
	c, err := e.own(ctx, leaseID)
	if err != nil {
		return nil, err
	}
	options := container.LogsOptions{
		ShowStdout: true, ShowStderr: true, Follow: o.Follow, Timestamps: o.Timestamps,
	}
	if o.Tail > 0 {
		options.Tail = strconv.Itoa(o.Tail)
	}
	if !o.Since.IsZero() {
		options.Since = o.Since.Format(time.RFC3339Nano)
	}
	ctx, cancel := context.WithCancel(ctx)
	mixed, err := e.client.ContainerLogs(ctx, c.ID, options)
	if err != nil {
		defer cancel()
		return nil, fail(ctx, err, "read a container's log")
	}
	out, in := io.Pipe()
	go func() {
		defer cancel()
		defer mixed.Close()
		var err error
		if o.Timestamps {
			err = joinLines(in, mixed)
		} else {
			_, err = stdcopy.StdCopy(in, in, mixed)
		}
		if ctx.Err() != nil {
			err = nil // the end that the caller asked for
		}
		_ = in.CloseWithError(err)
	}()
	return &stream{PipeReader: out, cancel: cancel}, nil
}

// maxLine is where a long line is cut.
const maxLine = 256 << 10

// joinLines copies a log with times. The engine keeps long lines in pieces of 16 KiB and puts
// the time before each; a line that its container did not end is left open.
func joinLines(to io.Writer, from io.Reader) error {
	var open [3][]byte // by stream: the line whose end is still to come
	end := func(stream int) error {
		line := open[stream]
		open[stream] = line[:0]
		if len(line) == 0 {
			return nil
		}
		_, err := to.Write(append(line, '\n'))
		return err
	}
	var header [8]byte // the stream, and the length of what comes of it
	for {
		if _, err := io.ReadFull(from, header[:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return errors.Join(end(1), end(2), err)
		}
		stream, size := int(header[0]), binary.BigEndian.Uint32(header[4:])
		if stream >= len(open) || size > maxLine {
			return fleet.Errorf(fleet.Unavailable, "the engine sends something else than a log")
		}
		piece := make([]byte, size)
		if _, err := io.ReadFull(from, piece); err != nil {
			return err
		}
		stamp, text, _ := bytes.Cut(piece, []byte(" "))
		if line := open[stream]; len(line)+len(text) > maxLine || !bytes.HasPrefix(line, append(stamp[:len(stamp):len(stamp)], ' ')) {
			if err := end(stream); err != nil {
				return err
			}
		}
		if len(open[stream]) > 0 {
			piece = text
		}
		rest, whole := bytes.CutSuffix(piece, []byte("\n"))
		open[stream] = append(open[stream], rest...)
		if whole {
			if err := end(stream); err != nil {
				return err
			}
		}
	}
}

// A stream ends its source when it is closed.
type stream struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (s *stream) Close() error {
	s.cancel()
	return s.PipeReader.Close()
}
