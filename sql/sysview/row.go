package sysview

import (
	"fmt"
	"time"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
)

// char is a value of type "char".
type char byte

// row makes a row of Go values: nil is NULL, and so are the zero time, and an LSN of zero.
func row(values ...any) []datum.Datum {
	out := make([]datum.Datum, len(values))
	for i, v := range values {
		out[i] = value(v)
	}
	return out
}

func value(v any) datum.Datum {
	switch v := v.(type) {
	case nil:
		return datum.NewNull()
	case datum.Datum:
		return v
	case bool:
		return datum.NewBool(v)
	case int:
		return datum.NewInt(int64(v))
	case int32:
		return datum.NewInt(int64(v))
	case int64:
		return datum.NewInt(v)
	case uint32:
		return datum.NewInt(int64(v))
	case char:
		return datum.NewInt(int64(v))
	case string:
		return datum.NewText(v)
	case float32:
		return datum.NewFloat(float64(v))
	case []string:
		return textArray(datum.Text, v)
	case aclItems:
		return textArray(datum.ACLItem, v)
	case int2Vector:
		return datum.NewVector(datum.Int2, numbers(v))
	case oidVector:
		return datum.NewVector(datum.OIDType, numbers(v))
	case int2Array:
		return datum.NewArray(datum.Int2, numbers(v))
	case datum.OID:
		return datum.NewInt(int64(v))
	case time.Time:
		if v.IsZero() {
			return datum.NewNull()
		}
		return datum.NewInt(datum.TimestampFromTime(v))
	case page.LSN:
		if v == 0 {
			return datum.NewNull()
		}
		return datum.NewLSN(uint64(v))
	}
	panic(fmt.Sprintf("sysview: a value of type %T in a row", v))
}

// Lists that are more than a Go type says.
type (
	aclItems   []string
	int2Vector []int
	oidVector  []int
	int2Array  []int
)

func numbers[T ~[]int](list T) []datum.Datum {
	out := make([]datum.Datum, len(list))
	for i, n := range list {
		out[i] = datum.NewInt(int64(n))
	}
	return out
}

// textArray is an array of strings; an empty one is NULL, as PostgreSQL has it for options and access lists.
func textArray(element datum.OID, list []string) datum.Datum {
	if len(list) == 0 {
		return datum.NewNull()
	}
	values := make([]datum.Datum, len(list))
	for i, s := range list {
		values[i] = datum.NewText(s)
	}
	return datum.NewArray(element, values)
}

// orNull is NULL for the zero value.
func orNull[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}
