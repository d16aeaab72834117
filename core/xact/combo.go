package xact

// A row version has one field for command numbers. When a transaction deletes a row that it inserted itself, both
// commands matter, and the field holds the number of a pair instead, known to the transaction alone (PostgreSQL's
// combocid.c). Nobody else ever asks: to others a row of a running transaction is invisible whatever the commands were.
type combos struct {
	pairs []comboPair
	index map[comboPair]uint32
}

type comboPair struct{ cmin, cmax uint32 }

// Combo returns the number that stands for inserted by command cmin and deleted by command cmax.
func (t *Txn) Combo(cmin, cmax uint32) uint32 {
	p := comboPair{cmin, cmax}
	if n, ok := t.combos.index[p]; ok {
		return n
	}
	if t.combos.index == nil {
		t.combos.index = make(map[comboPair]uint32)
	}
	n := uint32(len(t.combos.pairs))
	t.combos.pairs = append(t.combos.pairs, p)
	t.combos.index[p] = n
	return n
}

// ComboCommands returns the pair behind a number from Combo, or false for a number that this transaction never made.
func (t *Txn) ComboCommands(n uint32) (cmin, cmax uint32, ok bool) {
	if int(n) >= len(t.combos.pairs) {
		return 0, 0, false
	}
	p := t.combos.pairs[n]
	return p.cmin, p.cmax, true
}
