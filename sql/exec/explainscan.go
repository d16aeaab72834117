package exec

import (
	"fmt"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

func (d *describer) indexScan(n *plan.IndexScan, rel string) {
	kind := "Index Scan"
	if n.Returns != nil {
		kind = "Index Only Scan"
	}
	d.title(kind, rel)
	if n.Direction == am.Backward {
		d.s.title += " Backward"
		d.prop("Scan Direction", "Backward")
	} else {
		d.prop("Scan Direction", "Forward")
	}
	d.prop("Index Name", n.Index.Name)
	d.s.title += " using " + expr.QuoteIdent(n.Index.Name) + " " + d.on(n.Table.Schema, n.Table.Name, n.Alias)
	d.output()
	d.condition("Index Cond", n.CondExpr)
	if n.CondExpr != nil && d.s.stats != nil {
		d.removed("Rows Removed by Index Recheck", d.s.stats.Rechecked)
	}
	d.filter(n.Filter)
	if n.Returns != nil && d.s.stats != nil && d.x.Options.Analyze {
		d.detail("Heap Fetches", d.s.stats.HeapFetches, "")
	}
}

func (d *describer) bitmapHeapScan(n *plan.BitmapHeapScan, rel string) {
	d.title("Bitmap Heap Scan", rel)
	d.s.title += " " + d.on(n.Table.Schema, n.Table.Name, n.Alias)
	d.output()
	d.condition("Recheck Cond", n.Recheck)
	if st := d.s.stats; st != nil {
		d.removed("Rows Removed by Index Recheck", st.Rechecked)
	}
	d.filter(n.Filter)
	if st := d.s.stats; st != nil && d.x.Options.Analyze {
		text := "Heap Blocks:"
		if st.ExactBlocks > 0 {
			text += fmt.Sprintf(" exact=%d", st.ExactBlocks)
		}
		if st.LossyBlocks > 0 {
			text += fmt.Sprintf(" lossy=%d", st.LossyBlocks)
		}
		if text == "Heap Blocks:" {
			text = "-"
		}
		d.detail("Exact Heap Blocks", st.ExactBlocks, text)
		d.detail("Lossy Heap Blocks", st.LossyBlocks, "-")
	}
}
