package devserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// logger hands Temporal's warnings and errors to slog while the server serves.
type logger struct {
	to    *slog.Logger
	state *logState
}

// logState is shared by a logger and everything derived from it.
type logState struct {
	serving atomic.Bool
	fatal   atomic.Pointer[error]
}

func newLogger(to *slog.Logger) *logger {
	if to == nil {
		to = slog.New(slog.DiscardHandler)
	}
	return &logger{to: to, state: &logState{}}
}

// With implements log.WithLogger.
func (l *logger) With(tags ...tag.Tag) log.Logger {
	return &logger{to: l.to.With(attributes(tags)...), state: l.state}
}

func (l *logger) Debug(string, ...tag.Tag) {}
func (l *logger) Info(string, ...tag.Tag)  {}

func (l *logger) Warn(msg string, tags ...tag.Tag)   { l.write(slog.LevelWarn, msg, tags) }
func (l *logger) Error(msg string, tags ...tag.Tag)  { l.write(slog.LevelError, msg, tags) }
func (l *logger) DPanic(msg string, tags ...tag.Tag) { l.write(slog.LevelError, msg, tags) }

// Panic logs and panics, as Temporal's callers rely on.
func (l *logger) Panic(msg string, tags ...tag.Tag) {
	l.write(slog.LevelError, msg, tags)
	panic(msg)
}

// Fatal ends the goroutine that called it and keeps the reason. Temporal's own
// loggers end the process here, which is not for an embedded server to decide.
func (l *logger) Fatal(msg string, tags ...tag.Tag) {
	l.write(slog.LevelError, msg, tags)
	err := errors.New(msg)
	for _, t := range tags {
		if cause, ok := t.Value().(error); ok {
			err = fmt.Errorf("%s: %w", msg, cause)
		} else if t.Key() == "error" {
			err = fmt.Errorf("%s: %v", msg, t.Value())
		}
	}
	l.state.fatal.CompareAndSwap(nil, &err)
	runtime.Goexit()
}

// fatalError is the reason of the first Fatal, nil if there was none.
func (l *logger) fatalError() error {
	if err := l.state.fatal.Load(); err != nil {
		return *err
	}
	return nil
}

func (l *logger) write(level slog.Level, msg string, tags []tag.Tag) {
	if !l.state.serving.Load() || !l.to.Enabled(context.Background(), level) {
		return
	}
	l.to.Log(context.Background(), level, msg, attributes(tags)...)
}

func attributes(tags []tag.Tag) []any {
	attrs := make([]any, len(tags))
	for i, t := range tags {
		attrs[i] = slog.Any(t.Key(), t.Value())
	}
	return attrs
}
