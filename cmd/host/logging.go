package main

import (
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/pgerr"
)

// newLogger writes to stderr: lines for people on a terminal, JSON otherwise.
func newLogger(level string) (zerolog.Logger, error) {
	l, err := zerolog.ParseLevel(level)
	if err != nil || level == "" {
		return zerolog.Nop(), pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"log_level\": %q", level).
			WithHint("Use debug, info, warn or error.")
	}
	zerolog.TimeFieldFormat = time.RFC3339Nano
	zerolog.SetGlobalLevel(zerolog.TraceLevel)
	var out io.Writer = os.Stderr
	if isatty.IsTerminal(os.Stderr.Fd()) {
		out = zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: "15:04:05.000"}
	}
	return zerolog.New(out).Level(l).With().Timestamp().Logger(), nil
}
