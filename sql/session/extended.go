package session

import (
	"context"
	"time"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// extended runs one message of the extended protocol; an error fails the transaction (S3).
func (s *Session) extended(ctx context.Context, out Output, f func(ctx context.Context) error) error {
	s.out = out
	defer func() { s.out = nil }()
	ctx, stop := s.withTimeout(ctx)
	defer stop()
	return s.fail(ctx, s.guard(func() error { return f(ctx) }))
}

// Parse prepares a statement. name is empty for the unnamed one, which replaces its predecessor.
func (s *Session) Parse(ctx context.Context, name, sql string, paramOIDs []datum.OID) error {
	return s.extended(ctx, nil, func(ctx context.Context) error {
		if name != "" && s.prepared[name] != nil {
			return errDuplicateStatement(name)
		}
		if name == "" {
			delete(s.prepared, "")
		}
		stmts, err := s.db.parser.Parse(sql)
		if err != nil {
			return err
		}
		p := &prepared{name: name}
		switch len(stmts) {
		case 0:
			p.empty = true
		case 1:
			p.stmt = stmts[0]
		default:
			return pgerr.New(pgerr.SyntaxError, "cannot insert multiple commands into a prepared statement")
		}
		for i, t := range paramOIDs {
			if t != 0 && t != datum.Unknown && datum.Lookup(t) == nil {
				return pgerr.New(pgerr.UndefinedObject, "type with OID %d of parameter $%d does not exist", t, i+1)
			}
		}
		if name == "" && !p.empty && isPlanned(p.stmt.Node) {
			p = s.unnamedCache.get(p.stmt, paramOIDs)
			p.fixed = false
		}
		p.name, p.given, p.text, p.at = name, paramOIDs, sql, time.Now()
		if s.tx != nil && s.tx.failed && !p.empty && !endsBlock(p.stmt.Node) {
			return errAborted()
		}
		if err := s.prepare(ctx, p); err != nil {
			return err
		}
		s.prepared[name] = p
		return nil
	})
}

// DescribeStatement returns the parameters and columns of a prepared statement; cols is nil if it has no answer.
func (s *Session) DescribeStatement(name string) (params []datum.OID, cols []Column, err error) {
	err = s.extended(context.Background(), nil, func(ctx context.Context) error {
		p := s.prepared[name]
		if p == nil {
			return errNoStatement(name)
		}
		if s.tx != nil && s.tx.failed && p.cols != nil && !endsBlock(p.stmt.Node) {
			return errAborted()
		}
		p.fixed = true
		params, cols = p.params, p.cols
		return nil
	})
	return params, cols, err
}

// DescribePortal returns the columns of a portal, nil if it has no answer.
func (s *Session) DescribePortal(name string) (cols []Column, err error) {
	err = s.extended(context.Background(), nil, func(ctx context.Context) error {
		p := s.portals[name]
		if p == nil {
			return errNoPortal(name)
		}
		cols = p.cols
		return nil
	})
	return cols, err
}

// Bind makes a portal of a prepared statement and parameter values; a nil value is NULL.
func (s *Session) Bind(ctx context.Context, portalName, stmtName string, paramFormats []int16, params [][]byte, resultFormats []int16) error {
	return s.extended(ctx, nil, func(ctx context.Context) error {
		p := s.prepared[stmtName]
		if p == nil {
			return errNoStatement(stmtName)
		}
		if s.tx != nil && s.tx.failed && !p.empty && !endsBlock(p.stmt.Node) {
			return errAborted()
		}
		if old := s.portals[portalName]; old != nil {
			if portalName != "" {
				return pgerr.New(pgerr.DuplicateCursor, `cursor "%s" already exists`, portalName)
			}
			old.close()
			delete(s.portals, "")
		}
		values, err := s.bindParams(portalName, p, paramFormats, params)
		if err != nil {
			return err
		}
		cols, err := resultColumns(p.cols, resultFormats)
		if err != nil {
			return err
		}
		if p.cols == nil {
			cols = nil
		}
		s.addPortal(&portal{name: portalName, stmt: p, params: values, formats: resultFormats, cols: cols, text: p.text, at: time.Now()})
		return nil
	})
}

// bindParams reads the parameter values.
func (s *Session) bindParams(portalName string, p *prepared, formats []int16, params [][]byte) ([]datum.Datum, error) {
	if len(params) != len(p.params) {
		return nil, pgerr.New(pgerr.ProtocolViolation, "bind message supplies %d parameters, but prepared statement \"%s\" requires %d", len(params), p.name, len(p.params))
	}
	if len(formats) > 1 && len(formats) != len(params) {
		return nil, pgerr.New(pgerr.ProtocolViolation, "bind message has %d parameter formats but %d parameters", len(formats), len(params))
	}
	values := make([]datum.Datum, len(params))
	for i, raw := range params {
		if raw == nil {
			values[i] = datum.NewNull()
			continue
		}
		format := int16(0)
		switch {
		case len(formats) == 1:
			format = formats[0]
		case len(formats) > 1:
			format = formats[i]
		}
		info := datum.MustLookup(p.params[i])
		var err error
		switch format {
		case 0:
			text := string(raw)
			if err = datum.ValidateUTF8(text); err == nil { // whatever the type makes of it
				values[i], err = info.ParseTextIn(s.datumEnv(), text, -1)
			}
		case 1:
			values[i], err = info.ParseBinary(raw)
		default:
			err = pgerr.New(pgerr.InvalidParameterValue, "unsupported format code: %d", format)
		}
		if err == datum.ErrExcess {
			err = pgerr.New(pgerr.InvalidBinaryRepresentation, "incorrect binary data format in bind parameter %d", i+1)
		}
		if err != nil {
			e := *pgerr.From(err)
			shown := "" // the value may be long or secret: PostgreSQL shows as little by default
			switch {
			case e.Code == pgerr.CharacterNotInRepertoire: // it cannot be shown
			case format == 0 && len(raw) == 0:
				shown = " = ''"
			case format == 0:
				shown = " = '...'"
			}
			which := "unnamed portal"
			if portalName != "" {
				which = `portal "` + portalName + `"`
			}
			return nil, e.WithWhere("%s parameter $%d%s", which, i+1, shown)
		}
	}
	return values, nil
}

// Execute runs a portal; maxRows 0 is all rows. A portal that has more rows is suspended and can be executed again.
func (s *Session) Execute(ctx context.Context, portalName string, maxRows int, out Output) error {
	return s.extended(ctx, out, func(ctx context.Context) error {
		p := s.portals[portalName]
		if p == nil {
			return errNoPortal(portalName)
		}
		if p.stmt.empty {
			return out.EmptyQuery()
		}
		if s.tx != nil && s.tx.failed && !endsBlock(p.stmt.stmt.Node) {
			return errAborted()
		}
		s.activity.begin(p.stmt.stmt.Text)
		tag, suspended, err := s.run(ctx, p, max(maxRows, 0), out)
		if err != nil {
			return err
		}
		if suspended {
			return out.PortalSuspended()
		}
		return out.CommandComplete(tag)
	})
}

// Sync ends the implicit transaction of the messages before it.
func (s *Session) Sync(ctx context.Context) error {
	defer s.rest()
	return s.extended(ctx, nil, func(ctx context.Context) error { return s.finishImplicit(ctx) })
}

// CloseStatement forgets a prepared statement; a name that is not known is no error.
func (s *Session) CloseStatement(name string) { delete(s.prepared, name) }

// ClosePortal ends a portal; a name that is not known is no error.
func (s *Session) ClosePortal(name string) {
	if p := s.portals[name]; p != nil {
		p.close()
		delete(s.portals, name)
	}
}
