package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/kelvin-gpu/kelvin/agent"
	"github.com/kelvin-gpu/kelvin/archive"
)

// logPart says how an agent keeps what containers write.
type logPart struct {
	retention  time.Duration
	rate, size int64
}

func (l *logPart) flags(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&l.retention, "log-retention", 7*24*time.Hour, "how long the archive keeps what containers write, also of instances that are gone; 0: not at all")
	cmd.Flags().Int64Var(&l.rate, "log-rate", 1<<20, "bytes a second that are kept of what one container writes, on average, with ten seconds' worth at once; 0: no limit")
	cmd.Flags().Int64Var(&l.size, "log-size", 1<<30, "compressed bytes that are kept of what one instance writes, the newest; 0: no limit")
}

// open opens the logs of the archive, unless none are to be kept.
func (l *logPart) open(ctx context.Context, kept *archive.Archive, logger *slog.Logger) (*agent.Logs, error) {
	const least = 16 << 20 // a size below it would be a few segments
	switch {
	case l.retention < 0:
		return nil, fmt.Errorf("--log-retention is negative; allowed: 0 or more, such as 168h")
	case l.rate < 0:
		return nil, fmt.Errorf("--log-rate is negative; allowed: 0 or more bytes a second")
	case l.size != 0 && l.size < least:
		return nil, fmt.Errorf("--log-size is %d; allowed: 0, or at least %d bytes", l.size, least)
	case kept == nil || l.retention == 0:
		logger.WarnContext(ctx, "no logs are kept: what containers write is gone with them")
		return nil, nil //nolint:nilnil // none is what was asked for
	}
	logs, err := kept.Logs(ctx)
	if err != nil {
		return nil, err
	}
	return &agent.Logs{Archive: logs, Retention: l.retention, Rate: l.rate, Size: l.size}, nil
}
