package catalog

// The kinds of constraints, as in pg_constraint.contype.
const (
	PrimaryKey byte = 'p'
	Unique     byte = 'u'
	Check      byte = 'c'
)

// Constraint is a rule for a table's rows. PRIMARY KEY and UNIQUE are kept by an index of the same name; CHECK is an expression over
// one row.
type Constraint struct {
	OID  uint32 `json:"oid"`
	Name string `json:"name"`
	Kind byte   `json:"kind"`
	// Columns are positions in the table: the key in its order, or the columns that a CHECK mentions in ascending order.
	Columns []int  `json:"columns,omitempty"`
	Index   uint32 `json:"index,omitempty"` // OID of the index that keeps it
	Expr    string `json:"expr,omitempty"`  // of a CHECK, in SQL; relations in it stand by OID
	Comment string `json:"comment,omitempty"`
}

// Constraint returns the constraint of this name, or nil.
func (t *Table) Constraint(name string) *Constraint {
	for i := range t.Constraints {
		if t.Constraints[i].Name == name {
			return &t.Constraints[i]
		}
	}
	return nil
}

// PrimaryKey returns the primary key, or nil.
func (t *Table) PrimaryKey() *Constraint {
	for i := range t.Constraints {
		if t.Constraints[i].Kind == PrimaryKey {
			return &t.Constraints[i]
		}
	}
	return nil
}

// ConstraintOfIndex returns the constraint that an index keeps, or nil.
func (t *Table) ConstraintOfIndex(index uint32) *Constraint {
	for i := range t.Constraints {
		if t.Constraints[i].Index == index && index != 0 {
			return &t.Constraints[i]
		}
	}
	return nil
}

// Grant is one entry of an object's access list.
type Grant struct {
	Role string `json:"role"` // empty is PUBLIC
	// Privileges are the letters of PostgreSQL's aclitem, in its order: "arwdDxt".
	Privileges string `json:"privileges"`
	Grantor    string `json:"grantor"`
}
