// Package randquery draws random queries over one small schema and knows their answers.
//
// A query is a tree (Query) that is written as SQL for a database and evaluated by this package as slowly and obviously as can be:
// cross products, filters, groups, one row after the other, with SQL's three values of truth. The evaluator shares nothing with Quire,
// not even the parser. Tests compare Quire with it, with PostgreSQL, and Quire with itself under other planner settings.
//
// Always true:
//
//	Q1. A query has one answer: what SQL leaves open is not drawn. A LIMIT or DISTINCT ON stands over an ORDER BY of every column;
//	    there are no volatile functions, no floats, and texts are ASCII.
//	Q2. The sources of a query have numbers, unique in it, subqueries included. The evaluator's whole environment is the present row
//	    of each.
//	Q3. The only freedom left is which of several parts is evaluated first, or at all: where one side reports an error in a value
//	    (an overflow, a subquery with two rows), the other may find none. EvaluationError says which SQLSTATEs these are.
package randquery
