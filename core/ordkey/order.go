package ordkey

// An Order is the direction of a column and the place of its NULLs. The zero value is the ascending order, NULLs last.
type Order struct {
	Desc bool `json:"desc,omitempty"`
	// NullsFirst puts NULLs before everything else, whatever the direction.
	NullsFirst bool `json:"nullsFirst,omitempty"`
}

// DefaultOrder is the order of a direction that came without NULLS FIRST or LAST: NULL is greater than everything.
func DefaultOrder(desc bool) Order { return Order{Desc: desc, NullsFirst: desc} }

// Reverse is the order of walking backwards.
func (o Order) Reverse() Order { return Order{Desc: !o.Desc, NullsFirst: !o.NullsFirst} }

// Nulls orders two values one of which is NULL or both are. NULLs are equal to one another.
func (o Order) Nulls(aNull, bNull bool) int {
	switch {
	case aNull && bNull:
		return 0
	case aNull == o.NullsFirst:
		return -1
	}
	return 1
}

// Values turns the comparison of two values that are not NULL into the order's.
func (o Order) Values(c int) int {
	if o.Desc {
		return -c
	}
	return c
}
