package expr

// sqlSyntax prints a call in SQL's own words, as get_func_sql_syntax in ruleutils.c does: casts that nobody wrote are left out there. It
// reports whether there are such words for the function.
func (p *printer) sqlSyntax(e *Call) bool {
	arg := func(i int) { p.expr(written(e.Args[i])) }
	words := func(list ...any) {
		for _, w := range list {
			switch w := w.(type) {
			case string:
				p.write(w)
			case int:
				if w < len(e.Args) {
					arg(w)
				}
			}
		}
	}
	switch n := len(e.Args); {
	case e.Fn.Name == "extract" && n == 2:
		field, ok := e.Args[0].(*Const)
		if !ok {
			return false
		}
		words("EXTRACT(", field.D.S, " FROM ", 1, ")")
	case e.Fn.Name == "timezone" && n == 2:
		words("(", 1, " AT TIME ZONE ", 0, ")")
	case e.Fn.Name == "substring" && n == 2:
		words("SUBSTRING(", 0, " FROM ", 1, ")")
	case e.Fn.Name == "substring" && n == 3 && e.Args[1].Type().OID == e.Args[0].Type().OID:
		words("SUBSTRING(", 0, " SIMILAR ", 1, " ESCAPE ", 2, ")")
	case e.Fn.Name == "substring" && n == 3:
		words("SUBSTRING(", 0, " FROM ", 1, " FOR ", 2, ")")
	case e.Fn.Name == "overlay" && n == 3:
		words("OVERLAY(", 0, " PLACING ", 1, " FROM ", 2, ")")
	case e.Fn.Name == "overlay" && n == 4:
		words("OVERLAY(", 0, " PLACING ", 1, " FROM ", 2, " FOR ", 3, ")")
	case e.Fn.Name == "position" && n == 2:
		words("POSITION((", 1, ") IN (", 0, "))")
	case trimWords[e.Fn.Name] != "":
		words("TRIM(", trimWords[e.Fn.Name])
		if n > 1 {
			words(" ", 1)
		}
		words(" FROM ", 0, ")")
	default:
		return false
	}
	return true
}

var trimWords = map[string]string{"btrim": "BOTH", "ltrim": "LEADING", "rtrim": "TRAILING"}

// written takes the casts off that the statement does not have.
func written(e Expr) Expr {
	for {
		c, ok := e.(*Cast)
		if !ok || c.Explicit {
			return e
		}
		e = c.Arg
	}
}
