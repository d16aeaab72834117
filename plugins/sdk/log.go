package sdk

import (
	"os"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/plugins/wire"
)

// logger is set once, before the first call is served.
var logger atomic.Pointer[zerolog.Logger]

// Log is the plugin's logger. Its lines arrive in the host's log at their level, with the plugin's name. Outside of a
// host it is silent.
func Log() zerolog.Logger {
	if l := logger.Load(); l != nil {
		return *l
	}
	return zerolog.Nop()
}

// setupLog gives zerolog the field names and the time format that go-plugin's log lines have, so that any host can
// tell the level; they are zerolog's globals, hence an author's own zerolog loggers follow.
func setupLog() {
	zerolog.LevelFieldName, zerolog.MessageFieldName, zerolog.TimestampFieldName = "@level", "@message", "@timestamp"
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000000Z07:00"
	level, err := zerolog.ParseLevel(os.Getenv(wire.LogLevelEnv))
	if err != nil || level == zerolog.NoLevel {
		level = zerolog.InfoLevel
	}
	l := zerolog.New(os.Stderr).Level(level).With().Timestamp().Logger()
	logger.Store(&l)
}
