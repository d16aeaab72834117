package sysview

import (
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/sql/expr"
)

// ShowExpr prints an expression as the catalog keeps it. Relations stand there by number ('16385'::regclass), so that they may be renamed,
// and are shown by name.
func ShowExpr(c *catalog.Catalog, text string) string {
	const cast = "'::regclass"
	var b strings.Builder
	for i := 0; i < len(text); {
		if text[i] == '"' {
			end := i + 2 + strings.IndexByte(text[i+1:]+`"`, '"')
			end = min(end, len(text))
			b.WriteString(text[i:end])
			i = end
			continue
		}
		if text[i] != '\'' {
			b.WriteByte(text[i])
			i++
			continue
		}
		end := i + 1 // of the literal: behind its last quote
		for end < len(text) {
			if text[end] == '\'' {
				if end+1 < len(text) && text[end+1] == '\'' {
					end += 2
					continue
				}
				break
			}
			end++
		}
		body := text[i+1 : min(end, len(text))]
		end = min(end+1, len(text))
		if strings.HasPrefix(text[end-1:], cast) {
			if oid, err := strconv.ParseUint(body, 10, 32); err == nil {
				if name := relationName(c, uint32(oid)); name != "" {
					body = strings.ReplaceAll(expr.QuoteIdent(name), "'", "''")
				}
			}
		}
		b.WriteString("'" + body + "'")
		i = end
	}
	return b.String()
}

// relationName is the name of a table, an index or a sequence, or empty.
func relationName(c *catalog.Catalog, oid uint32) string {
	if t := c.TableByOID(oid); t != nil {
		return t.Name
	}
	if i := c.IndexByOID(oid); i != nil {
		return i.Name
	}
	if q := c.SequenceByOID(oid); q != nil {
		return q.Name
	}
	return ""
}
