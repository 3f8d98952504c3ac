package main

import (
	"context"
	"io"
	"log/slog"
	"os"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// levelFatal is above every level one can ask for: last words are never dropped.
const levelFatal = slog.LevelError + 4

// Logger writes Temporal's log as lines of slog text.
type Logger struct {
	slog   *slog.Logger
	level  *slog.LevelVar // now; shared with the loggers made from this one
	wanted slog.Level     // as asked for
}

var (
	_ log.Logger      = (*Logger)(nil)
	_ log.WithLogger  = (*Logger)(nil)
	_ log.SLogWrapper = (*Logger)(nil)
)

func newLogger(w io.Writer, level slog.Level) *Logger {
	l := &Logger{level: new(slog.LevelVar), wanted: level}
	l.slog = slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l.level}))
	l.Restore()
	return l
}

// Quiet drops what is below level. Who asked for more than warnings is
// debugging, and still gets everything.
func (l *Logger) Quiet(level slog.Level) {
	if l.wanted >= slog.LevelWarn {
		l.level.Set(max(level, l.wanted))
	}
}

// Restore undoes Quiet.
func (l *Logger) Restore() { l.level.Set(l.wanted) }

// SLog is what Temporal's own SDK client inside the server logs to.
func (l *Logger) SLog() *slog.Logger { return l.slog }

// With returns a logger that adds tags to every line.
func (l *Logger) With(tags ...tag.Tag) log.Logger {
	args := make([]any, len(tags))
	for i, attr := range attrs(tags) {
		args[i] = attr
	}
	return &Logger{slog: l.slog.With(args...), level: l.level, wanted: l.wanted}
}

func (l *Logger) Debug(msg string, tags ...tag.Tag)  { l.log(slog.LevelDebug, msg, tags) }
func (l *Logger) Info(msg string, tags ...tag.Tag)   { l.log(slog.LevelInfo, msg, tags) }
func (l *Logger) Warn(msg string, tags ...tag.Tag)   { l.log(slog.LevelWarn, msg, tags) }
func (l *Logger) Error(msg string, tags ...tag.Tag)  { l.log(slog.LevelError, msg, tags) }
func (l *Logger) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

// Panic logs and panics: the server counts on not coming back from it.
func (l *Logger) Panic(msg string, tags ...tag.Tag) {
	l.log(levelFatal, msg, tags)
	panic(msg)
}

// Fatal logs and ends the process, so that the parent notices. A server that
// has lost one of its services would otherwise go on half alive.
func (l *Logger) Fatal(msg string, tags ...tag.Tag) {
	l.log(levelFatal, msg, tags)
	os.Exit(1)
}

func (l *Logger) log(level slog.Level, msg string, tags []tag.Tag) {
	if ctx := context.Background(); l.slog.Enabled(ctx, level) {
		l.slog.LogAttrs(ctx, level, msg, attrs(tags)...)
	}
}

func attrs(tags []tag.Tag) []slog.Attr {
	as := make([]slog.Attr, len(tags))
	for i, t := range tags {
		as[i] = slog.Any(t.Key(), t.Value())
	}
	return as
}
