package session

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/sql/settings"
)

// set runs SET, SET LOCAL, RESET and SET TRANSACTION.
func (s *Session) set(st *pg_query.VariableSetStmt) (string, error) {
	switch st.Kind {
	case pg_query.VariableSetKind_VAR_SET_VALUE:
		return "SET", s.setValue(st)
	case pg_query.VariableSetKind_VAR_SET_DEFAULT, pg_query.VariableSetKind_VAR_RESET:
		tag := "RESET"
		if st.Kind == pg_query.VariableSetKind_VAR_SET_DEFAULT {
			tag = "SET"
		}
		return tag, s.resetOne(settingName(st.Name), st.IsLocal)
	case pg_query.VariableSetKind_VAR_RESET_ALL:
		s.settings.ResetAll()
		return "RESET", nil
	case pg_query.VariableSetKind_VAR_SET_MULTI:
		return "SET", s.setMulti(st)
	}
	return "", unsupported("SET … FROM CURRENT")
}

// settingName maps the words that the grammar has for settings.
func settingName(name string) string {
	if name == "timezone" {
		return "TimeZone"
	}
	return name
}

func (s *Session) setValue(st *pg_query.VariableSetStmt) error {
	name := settingName(st.Name)
	values := make([]string, 0, len(st.Args))
	for _, arg := range st.Args {
		if tc := arg.GetTypeCast(); tc != nil { // SET TIME ZONE INTERVAL '…'
			return unsupported("SET TIME ZONE with an interval")
		}
		text, ok := optionText(arg)
		if !ok {
			return pgerr.New(pgerr.SyntaxError, "SET %s needs a constant", st.Name)
		}
		values = append(values, text)
	}
	if st.IsLocal && !s.tx.block {
		s.notice(pgerr.Warn(pgerr.NoActiveSQLTransaction, "SET LOCAL can only be used in transaction blocks"))
	}
	return s.setOne(name, strings.Join(values, ", "), st.IsLocal)
}

// setOne sets one setting; those that belong to the transaction at hand change it as well.
func (s *Session) setOne(name, value string, local bool) error {
	switch strings.ToLower(name) {
	case "transaction_isolation":
		d, err := settings.Lookup(name)
		if err != nil {
			return err
		}
		iso, err := d.Canonical(value)
		if err != nil {
			return err
		}
		return s.setIsolation(iso)
	case "transaction_read_only":
		d, err := settings.Lookup(name)
		if err != nil {
			return err
		}
		on, err := d.Canonical(value)
		if err != nil {
			return err
		}
		return s.setReadOnly(on == "on")
	case "role":
		return s.setRole(value, local)
	case "session_authorization":
		return s.setSessionUser(value, local)
	}
	return s.settings.Set(name, value, local)
}

// resetOne gives a setting back the value that it had at the start of the session.
func (s *Session) resetOne(name string, local bool) error {
	switch strings.ToLower(name) {
	case "role":
		return s.setRole(noRole, local)
	case "session_authorization":
		return s.setSessionUser(s.params.User, local)
	}
	return s.settings.Reset(name)
}

// setMulti runs SET TRANSACTION and SET SESSION CHARACTERISTICS.
func (s *Session) setMulti(st *pg_query.VariableSetStmt) error {
	switch st.Name {
	case "TRANSACTION":
		if !s.tx.block {
			s.notice(pgerr.Warn(pgerr.NoActiveSQLTransaction, "SET TRANSACTION can only be used in transaction blocks"))
		}
		return s.transactionModes(st.Args)
	case "SESSION CHARACTERISTICS":
		for _, o := range st.Args {
			d := o.GetDefElem()
			text, _ := optionText(d.Arg)
			switch d.Defname {
			case "transaction_isolation", "transaction_read_only":
				if err := s.settings.Set("default_"+d.Defname, text, false); err != nil {
					return err
				}
			default:
				return unsupported("transaction mode " + d.Defname)
			}
		}
		return nil
	}
	return unsupported("SET " + st.Name)
}

// show answers SHOW.
func (s *Session) show(name string) ([][]datum.Datum, error) {
	if !strings.EqualFold(name, "all") {
		value, err := s.showOne(settingName(name))
		if err != nil {
			return nil, err
		}
		return [][]datum.Datum{{datum.NewText(value)}}, nil
	}
	var rows [][]datum.Datum
	for _, d := range settings.All() {
		value, err := s.showOne(d.Name)
		if err != nil {
			return nil, err
		}
		rows = append(rows, []datum.Datum{datum.NewText(d.Name), datum.NewText(value), datum.NewText(d.Help)})
	}
	return rows, nil
}

// showOne is a setting's value as SHOW prints it.
func (s *Session) showOne(name string) (string, error) {
	switch strings.ToLower(name) {
	case "transaction_isolation":
		if s.tx != nil {
			if isolation("repeatable read") == s.tx.txn.Isolation() {
				return "repeatable read", nil
			}
			return "read committed", nil
		}
	case "transaction_read_only":
		return onOff(s.db.eng.IsStandby() || s.tx != nil && s.tx.readOnly), nil
	}
	_, value, err := s.settings.Show(name)
	return value, err
}

// discard runs DISCARD.
func (s *Session) discard(st *pg_query.DiscardStmt) (string, error) {
	switch st.Target {
	case pg_query.DiscardMode_DISCARD_ALL:
		if err := s.noBlock("DISCARD ALL"); err != nil {
			return "", err
		}
		s.closePortals()
		if err := s.setSessionUser(s.params.User, false); err != nil {
			return "", err
		}
		s.settings.ResetAll()
		clear(s.prepared)
		s.discardSequences()
		s.simpleCache, s.unnamedCache = newPlanCache(), newPlanCache()
		return "DISCARD ALL", nil
	case pg_query.DiscardMode_DISCARD_PLANS:
		s.simpleCache, s.unnamedCache = newPlanCache(), newPlanCache()
		return "DISCARD PLANS", nil
	case pg_query.DiscardMode_DISCARD_TEMP:
		return "DISCARD TEMP", nil
	}
	s.discardSequences()
	return "DISCARD SEQUENCES", nil
}
