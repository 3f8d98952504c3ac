package docker

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

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
		_, err := stdcopy.StdCopy(in, in, mixed)
		if ctx.Err() != nil {
			err = nil // the end that the caller asked for
		}
		_ = in.CloseWithError(err)
	}()
	return &stream{PipeReader: out, cancel: cancel}, nil
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
