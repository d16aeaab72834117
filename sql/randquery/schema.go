package randquery

import "fmt"

// Schema makes the three tables; the place of a column in its list is that in Tables.
const Schema = `create table r (a int, b int, c text);
create table s (a int, b bigint, c text);
create table u (a smallint, b int, c text)`

// Indexes makes indexes of the access method for the tables.
func Indexes(method string) string {
	return fmt.Sprintf("create index r_a on r using %[1]s (a); create index s_ba on s using %[1]s (b, a); create index u_a on u using %[1]s (a);"+
		"create index u_b on u using %[1]s (b); create index s_c on s using %[1]s (c)", method)
}

// Rows fills the tables.
const Rows = `insert into r values (1, 1, 'x'), (1, 2, 'y'), (2, null, 'z'), (3, 3, null), (null, 1, 'x'), (4, 0, 'w'), (2, 2, 'q');
insert into s values (1, 3, 'x'), (2, 2, null), (null, null, 'z'), (3, 1, 'x'), (3, 4, 'y'), (0, 2, 'v');
insert into u values (0, 1, 'x'), (1, null, 'y'), (2, 3, 'y'), (3, 3, null), (null, 2, 'v')`

// Drop removes the tables.
const Drop = "drop table if exists r, s, u"

// A table is the evaluator's own copy of one.
type table struct {
	name  string
	kinds []Kind
	rows  [][]Value
}

var tables = []table{
	{"r", []Kind{Int4, Int4, Text}, [][]Value{{1, 1, "x"}, {1, 2, "y"}, {2, nil, "z"}, {3, 3, nil}, {nil, 1, "x"}, {4, 0, "w"}, {2, 2, "q"}}},
	{"s", []Kind{Int4, Int8, Text}, [][]Value{{1, 3, "x"}, {2, 2, nil}, {nil, nil, "z"}, {3, 1, "x"}, {3, 4, "y"}, {0, 2, "v"}}},
	{"u", []Kind{Int2, Int4, Text}, [][]Value{{0, 1, "x"}, {1, nil, "y"}, {2, 3, "y"}, {3, 3, nil}, {nil, 2, "v"}}},
}
