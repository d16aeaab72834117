package walrec

// Parameter is the payload of a Parameter record: a setting of the primary that a replica must know, from here on.
//
//	+-----------+------------+
//	| name: v+s | value: v+s |
//	+-----------+------------+
type Parameter struct{ Name, Value string }

// Append appends the payload to dst.
func (p Parameter) Append(dst []byte) []byte { return appendString(appendString(dst, p.Name), p.Value) }

// DecodeParameter is the inverse of Parameter.Append.
func DecodeParameter(b []byte) (Parameter, error) {
	d := decoder{what: "parameter", b: b}
	p := Parameter{Name: d.string("name"), Value: d.string("value")}
	return p, d.done()
}
