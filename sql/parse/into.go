package parse

import pg_query "github.com/pganalyze/pg_query_go/v6"

// createOfInto makes SELECT … INTO the CREATE TABLE AS that it means; other statements stay. In a set operation INTO belongs to the leftmost
// SELECT.
func createOfInto(n *pg_query.Node) *pg_query.Node {
	first := n.GetSelectStmt()
	for first.GetLarg() != nil {
		first = first.Larg
	}
	into := first.GetIntoClause()
	if into == nil {
		return n
	}
	first.IntoClause = nil
	return &pg_query.Node{Node: &pg_query.Node_CreateTableAsStmt{CreateTableAsStmt: &pg_query.CreateTableAsStmt{
		Query: n, Into: into, Objtype: pg_query.ObjectType_OBJECT_TABLE, IsSelectInto: true,
	}}}
}
