package replica

import (
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

// A command is one statement of the replication protocol. Keywords are upper case, as PostgreSQL 15 wants them;
// anything else is taken for SQL and refused with 0A000.
type command struct {
	verb     string // "IDENTIFY_SYSTEM", "START_REPLICATION", "SHOW", "TIMELINE_HISTORY", "BASE_BACKUP"
	name     string // SHOW: parameter; START_REPLICATION: slot, "" = none
	lsn      page.LSN
	timeline page.TimelineID   // 0 = the current one
	options  map[string]string // BASE_BACKUP: a bare option has the value "true"
}

type token struct {
	text   string
	quoted bool // 'string' or "identifier"
	pos    int  // in characters, from 1
}

func tokenize(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';':
			i++
		case c == '(' || c == ')' || c == ',':
			out = append(out, token{text: string(c), pos: i + 1})
			i++
		case c == '\'' || c == '"':
			var b strings.Builder
			j := i + 1
			for {
				if j >= len(s) {
					return nil, pgerr.New(pgerr.SyntaxError, "unterminated quoted string in replication command").At(i + 1)
				}
				if s[j] != c {
					b.WriteByte(s[j])
					j++
					continue
				}
				if j+1 < len(s) && s[j+1] == c { // doubled quote
					b.WriteByte(c)
					j += 2
					continue
				}
				break
			}
			out = append(out, token{text: b.String(), quoted: true, pos: i + 1})
			i = j + 1
		default:
			j := i
			for j < len(s) && !strings.ContainsRune(" \t\r\n;(),'\"", rune(s[j])) {
				j++
			}
			out = append(out, token{text: s[i:j], pos: i + 1})
			i = j
		}
	}
	return out, nil
}

// parseCommand reads one replication command.
func parseCommand(s string) (command, error) {
	toks, err := tokenize(s)
	if err != nil {
		return command{}, err
	}
	p := &commandParser{toks: toks, end: len(s) + 1}
	if len(toks) == 0 {
		return command{}, p.unexpected()
	}
	c := command{verb: p.next().text}
	switch c.verb {
	case "IDENTIFY_SYSTEM":
	case "SHOW":
		c.name = p.next().text
		if c.name == "" {
			return c, p.unexpected()
		}
	case "TIMELINE_HISTORY":
		err = p.timeline(&c)
	case "START_REPLICATION":
		err = p.startReplication(&c)
	case "BASE_BACKUP":
		err = p.baseBackup(&c)
	case "CREATE_REPLICATION_SLOT", "DROP_REPLICATION_SLOT", "READ_REPLICATION_SLOT", "ALTER_REPLICATION_SLOT":
		return c, pgerr.New(pgerr.FeatureNotSupported, "replication slots are not supported: %s", c.verb).
			WithHint("WAL for a disconnected standby is kept up to wal_keep_size.")
	default:
		return c, pgerr.New(pgerr.FeatureNotSupported, "cannot execute SQL commands in WAL sender for physical replication")
	}
	if err == nil && p.peek().text != "" {
		err = p.unexpected()
	}
	return c, err
}

type commandParser struct {
	toks []token
	at   int
	end  int
}

func (p *commandParser) peek() token {
	if p.at >= len(p.toks) {
		return token{pos: p.end}
	}
	return p.toks[p.at]
}

func (p *commandParser) next() token {
	t := p.peek()
	p.at++
	return t
}

func (p *commandParser) accept(word string) bool {
	if t := p.peek(); t.text == word && !t.quoted {
		p.at++
		return true
	}
	return false
}

func (p *commandParser) unexpected() error {
	t := p.peek()
	if t.text == "" {
		return pgerr.New(pgerr.SyntaxError, "unexpected end of replication command").At(t.pos)
	}
	return pgerr.New(pgerr.SyntaxError, "syntax error at or near %q in replication command", t.text).At(t.pos)
}

func (p *commandParser) timeline(c *command) error {
	n, err := strconv.ParseUint(p.peek().text, 10, 32)
	if err != nil || n == 0 {
		return p.unexpected()
	}
	p.at++
	c.timeline = page.TimelineID(n)
	return nil
}

func (p *commandParser) startReplication(c *command) error {
	if p.accept("SLOT") {
		c.name = p.next().text
		return pgerr.New(pgerr.UndefinedObject, "replication slot %q does not exist", c.name).
			WithHint("Replication slots are not supported; leave SLOT out. WAL is kept up to wal_keep_size.")
	}
	p.accept("PHYSICAL")
	lsn, err := page.ParseLSN(p.peek().text)
	if err != nil {
		return p.unexpected()
	}
	p.at++
	c.lsn = lsn
	if p.accept("TIMELINE") {
		return p.timeline(c)
	}
	return nil
}

// baseBackup reads "( OPTION [value] [, …] )"; a value is a word, a number or a quoted string.
func (p *commandParser) baseBackup(c *command) error {
	c.options = map[string]string{}
	if !p.accept("(") {
		return nil
	}
	for !p.accept(")") {
		name := p.next()
		if name.text == "" || name.quoted {
			p.at--
			return p.unexpected()
		}
		value := "true"
		if t := p.peek(); t.quoted || t.text != "," && t.text != ")" && t.text != "" {
			value = p.next().text
		}
		c.options[name.text] = value
		if t := p.peek(); t.text != ")" && !p.accept(",") {
			return p.unexpected()
		}
	}
	return nil
}
