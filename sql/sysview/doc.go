// Package sysview holds the system views as data: names, columns and a function that makes the rows. The columns are PostgreSQL 15's,
// in its order, so that its clients find what they ask for; types that Quire does not have are shown as text.
//
// Always true:
//
//	V1. A view reads one Env and nothing else: the catalog it is given, and copies of what the rest of the server counts. Making its rows
//	    takes no lock that outlives the call.
//	V2. Every row has as many values as the view has columns, of the columns' types.
//	V3. What is not known is NULL, never a made-up number.
//	V4. Rows come in a fixed order, by name or number, so that equal states give equal answers.
//
// quire_catalog and quire_commit_status, the relations under the catalog and the commit status, appear in pg_class with the OIDs
// that are their file numbers.
package sysview
