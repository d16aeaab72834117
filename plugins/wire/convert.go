package wire

import (
	"fmt"
	"math"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// DescriptionToProto packs a description.
func DescriptionToProto(d Description) *pb.Description {
	m := &pb.Description{
		Name: d.Name, Version: d.Version, Summary: d.Summary, Sdk: d.SDK, Lanes: d.Lanes, Lookups: d.Lookups,
		Capabilities: &pb.Capabilities{
			Unique: d.Caps.Unique, Ordered: d.Caps.Ordered, Backward: d.Caps.Backward, BitmapOnly: d.Caps.BitmapOnly,
			SearchNulls: d.Caps.SearchNulls, OrderByDistance: d.Caps.OrderByDistance,
			MaxColumns: uint32(d.Caps.MaxColumns), OptionalFirstKey: d.Caps.OptionalFirstKey,
			AnyEqual: d.Caps.AnyEqual, ReturnKeys: d.Caps.ReturnKeys, Spans: d.Caps.Spans,
		},
		Cost: &pb.Cost{
			StartupPages: d.Cost.StartupPages, PageFraction: d.Cost.PageFraction, PerPage: d.Cost.PerPage,
			PerTuple: d.Cost.PerTuple, FalsePositives: d.Cost.FalsePositives,
		},
	}
	for _, o := range d.Options {
		m.Options = append(m.Options, &pb.OptionDef{
			Name: o.Name, Type: string(o.Type), Default: o.Default, Min: o.Min, Max: o.Max,
			PerColumn: o.PerColumn, Values: o.Values, Help: o.Help,
		})
	}
	for _, c := range d.Classes {
		m.OpClasses = append(m.OpClasses, &pb.OpClass{
			Name: c.Name, Type: c.Type, Operators: c.Operators, Default: c.Default, NoReturn: c.NoReturn,
		})
	}
	return m
}

// DescriptionFromProto unpacks a description without judging it; see Description.Validate.
func DescriptionFromProto(m *pb.Description) Description {
	caps, cost := m.GetCapabilities(), m.GetCost()
	d := Description{
		Name: m.GetName(), Version: CleanText(m.GetVersion()), Summary: CleanText(m.GetSummary()), SDK: CleanText(m.GetSdk()),
		Lanes: m.GetLanes(), Lookups: m.GetLookups(),
		Caps: Capabilities{
			Unique: caps.GetUnique(), Ordered: caps.GetOrdered(), Backward: caps.GetBackward(),
			BitmapOnly: caps.GetBitmapOnly(), SearchNulls: caps.GetSearchNulls(),
			OrderByDistance: caps.GetOrderByDistance(), MaxColumns: int(caps.GetMaxColumns()),
			OptionalFirstKey: caps.GetOptionalFirstKey(), AnyEqual: caps.GetAnyEqual(), ReturnKeys: caps.GetReturnKeys(),
			Spans: caps.GetSpans(),
		},
		Cost: Cost{
			StartupPages: cost.GetStartupPages(), PageFraction: cost.GetPageFraction(), PerPage: cost.GetPerPage(),
			PerTuple: cost.GetPerTuple(), FalsePositives: cost.GetFalsePositives(),
		},
	}
	for _, o := range m.GetOptions() {
		d.Options = append(d.Options, OptionDef{
			Name: o.GetName(), Type: OptionType(o.GetType()), Default: o.GetDefault(), Min: o.GetMin(), Max: o.GetMax(),
			PerColumn: o.GetPerColumn(), Values: o.GetValues(), Help: CleanText(o.GetHelp()),
		})
	}
	for _, c := range m.GetOpClasses() {
		d.Classes = append(d.Classes, OpClass{
			Name: c.GetName(), Type: c.GetType(), Operators: c.GetOperators(), Default: c.GetDefault(),
			NoReturn: c.GetNoReturn(),
		})
	}
	return d
}

// IndexToProto packs what a call is told about its index.
func IndexToProto(ix IndexInfo) *pb.Index {
	m := &pb.Index{
		Oid: ix.OID, Name: ix.Name, Rel: uint32(ix.Rel), Options: ix.Options, Unique: ix.Unique, Unlogged: ix.Unlogged,
	}
	for _, c := range ix.Columns {
		m.Columns = append(m.Columns, &pb.Column{
			Name: c.Name, Type: c.Type, OpClass: c.OpClass, Descending: c.Descending, NullsFirst: c.NullsFirst,
		})
	}
	return m
}

// IndexFromProto unpacks it.
func IndexFromProto(m *pb.Index) (IndexInfo, error) {
	if m == nil {
		return IndexInfo{}, fmt.Errorf("%w: call without an index", ErrProtocol)
	}
	if len(m.GetColumns()) > MaxColumns {
		return IndexInfo{}, fmt.Errorf("%w: index of %d columns, the limit is %d", ErrProtocol, len(m.GetColumns()), MaxColumns)
	}
	ix := IndexInfo{
		OID: m.GetOid(), Name: m.GetName(), Rel: page.RelFileNumber(m.GetRel()), Options: m.GetOptions(),
		Unique: m.GetUnique(), Unlogged: m.GetUnlogged(),
	}
	for _, c := range m.GetColumns() {
		ix.Columns = append(ix.Columns, Column{
			Name: c.GetName(), Type: c.GetType(), OpClass: c.GetOpClass(),
			Descending: c.GetDescending(), NullsFirst: c.GetNullsFirst(),
		})
	}
	return ix, nil
}

// ScanToProto puts a scan into its call.
func ScanToProto(call *pb.Call, s Scan) {
	call.Backward, call.Limit = s.Backward, uint64(max(s.Limit, 0))
	for _, c := range s.Return {
		call.ReturnColumns = append(call.ReturnColumns, uint32(c))
	}
	call.Keys = KeysToProto(s.Keys)
}

// KeysToProto packs the conditions of a scan.
func KeysToProto(keys []ScanKey) []*pb.ScanKey {
	out := make([]*pb.ScanKey, len(keys))
	for i, k := range keys {
		m := &pb.ScanKey{Column: uint32(k.Column), Operator: k.Operator, Arg: k.Arg, ArgNull: k.Arg == nil}
		for _, arg := range k.Args {
			m.Args = append(m.Args, arg)
		}
		out[i] = m
	}
	return out
}

// ScanFromProto unpacks it; columns is the number of columns of the index.
func ScanFromProto(call *pb.Call, columns int) (Scan, error) {
	keys, err := KeysFromProto(call.GetKeys(), columns)
	if err != nil {
		return Scan{}, err
	}
	s := Scan{Backward: call.GetBackward(), Limit: int64(min(call.GetLimit(), math.MaxInt64)), Keys: keys}
	if len(call.GetReturnColumns()) > MaxColumns {
		return Scan{}, fmt.Errorf("%w: %d columns to return, the limit is %d", ErrProtocol, len(call.GetReturnColumns()), MaxColumns)
	}
	for _, c := range call.GetReturnColumns() {
		if int64(c) >= int64(columns) {
			return Scan{}, fmt.Errorf("%w: column %d to return of an index of %d columns", ErrProtocol, c, columns)
		}
		s.Return = append(s.Return, int(c))
	}
	return s, nil
}

// KeysFromProto unpacks the conditions of a scan; columns is the number of columns of the index.
func KeysFromProto(packed []*pb.ScanKey, columns int) ([]ScanKey, error) {
	keys := make([]ScanKey, len(packed))
	for i, m := range packed {
		if int64(m.GetColumn()) >= int64(columns) {
			return nil, fmt.Errorf("%w: condition on column %d of an index of %d columns", ErrProtocol, m.GetColumn(), columns)
		}
		k := ScanKey{Column: int(m.GetColumn()), Operator: m.GetOperator(), Arg: m.GetArg()}
		switch {
		case m.GetArgNull():
			k.Arg = nil
		case k.Arg == nil: // protobuf does not keep an empty string apart from none
			k.Arg = Value{}
		}
		for _, arg := range m.GetArgs() {
			if arg == nil {
				arg = Value{}
			}
			k.Args = append(k.Args, arg)
		}
		keys[i] = k
	}
	return keys, nil
}
