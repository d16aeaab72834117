package host

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/plugins/wire"
)

const (
	tailLines  = 50       // kept for the report when a plugin is given up
	maxLine    = 16 << 10 // longer lines are cut
	linesBurst = 500      // lines logged at once, and
	linesRate  = 200      // per second in the long run; the rest is counted
	maxFields  = 32       // fields taken over from a structured line
)

// A tail takes the lines a plugin writes to its standard error (and, after the handshake, to its standard output). Lines
// of a structured logger go to the host's log at their level; others as they are, made printable; all of them carry
// the plugin's name. Too many are counted instead of logged. It keeps the last few.
type tail struct {
	name string
	log  zerolog.Logger
	now  func() time.Time
	mu   struct {
		sync.Mutex
		lines   []string // the last tailLines, the oldest first
		tokens  float64
		filled  time.Time
		dropped int
		panicky bool // inside of a Go panic's report: its lines are errors
	}
}

func newTail(name string, log zerolog.Logger, now func() time.Time) *tail {
	t := &tail{name: name, log: log, now: now}
	t.mu.tokens, t.mu.filled = linesBurst, now()
	return t
}

// last returns the last lines.
func (t *tail) last() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.mu.lines...)
}

// readLines logs lines until the reader ends.
func (t *tail) readLines(r io.Reader, source string) {
	in := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		if len(line) > 0 {
			t.line(strings.TrimRight(string(line), "\r\n"), source)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if skipLine(in) != nil {
				return
			}
		case err != nil:
			return
		}
	}
}

// skipLine reads to the end of a line that was too long.
func skipLine(in *bufio.Reader) error {
	for {
		_, err := in.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// line takes one line.
func (t *tail) line(text, source string) {
	if text == "" {
		return
	}
	level, msg, fields := t.parse(text)
	t.mu.Lock()
	if len(t.mu.lines) == tailLines {
		t.mu.lines = append(t.mu.lines[:0], t.mu.lines[1:]...)
	}
	t.mu.lines = append(t.mu.lines, wire.CleanText(text))
	dropped, ok := t.admitLocked()
	t.mu.Unlock()
	if !ok {
		return
	}
	if dropped > 0 {
		t.log.Warn().Str("plugin", t.name).Int("lines", dropped).Msg("plugin logs too much, lines were left out")
	}
	e := t.log.WithLevel(level).Str("plugin", t.name)
	if source != "stderr" {
		e = e.Str("source", source)
	}
	for _, f := range fields {
		e = e.Interface(f.key, f.value)
	}
	e.Msg(msg)
}

// admitLocked takes a token from the bucket, and returns how many lines were left out before this one.
func (t *tail) admitLocked() (dropped int, ok bool) {
	now := t.now()
	t.mu.tokens = min(t.mu.tokens+now.Sub(t.mu.filled).Seconds()*linesRate, linesBurst)
	t.mu.filled = now
	if t.mu.tokens < 1 {
		t.mu.dropped++
		return 0, false
	}
	t.mu.tokens--
	dropped, t.mu.dropped = t.mu.dropped, 0
	return dropped, true
}

type field struct {
	key   string
	value any
}

// parse finds level, message and fields of a line.
func (t *tail) parse(text string) (zerolog.Level, string, []field) {
	var entry map[string]any
	if text[0] == '{' && json.Unmarshal([]byte(text), &entry) == nil {
		msg, _ := entry["@message"].(string)
		name, _ := entry["@level"].(string)
		if name != "" {
			return parseLevel(name), wire.CleanText(msg), cleanFields(entry)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ") {
		t.mu.panicky = true
	}
	if t.mu.panicky {
		return zerolog.ErrorLevel, wire.CleanText(text), nil
	}
	return zerolog.InfoLevel, wire.CleanText(text), nil
}

// parseLevel reads a level's name; those that would end the host do not.
func parseLevel(name string) zerolog.Level {
	level, err := zerolog.ParseLevel(strings.ToLower(name))
	switch {
	case err != nil || level == zerolog.NoLevel || level == zerolog.Disabled:
		return zerolog.InfoLevel
	case level > zerolog.ErrorLevel:
		return zerolog.ErrorLevel
	}
	return level
}

// cleanFields keeps a structured line's own fields, made printable, under names the host's log does not use itself.
func cleanFields(entry map[string]any) []field {
	var fields []field
	for _, k := range slices.Sorted(maps.Keys(entry)) {
		v := entry[k]
		if strings.HasPrefix(k, "@") || len(fields) == maxFields || len(k) > 64 {
			continue
		}
		switch k {
		case "plugin", "source", zerolog.LevelFieldName, zerolog.MessageFieldName, zerolog.TimestampFieldName:
			k = "plugin." + k
		}
		switch x := v.(type) {
		case string:
			v = wire.CleanText(x)
		case map[string]any, []any:
			b, err := json.Marshal(x)
			if err != nil {
				continue
			}
			v = wire.CleanText(string(b))
		}
		fields = append(fields, field{wire.CleanText(k), v})
	}
	return fields
}
