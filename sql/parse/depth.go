package parse

import "google.golang.org/protobuf/reflect/protoreflect"

// depthExceeds reports whether messages nest deeper than limit below m. It stops at the limit, so its own stack
// is bounded by it.
func depthExceeds(m protoreflect.Message, limit int) bool {
	if limit == 0 {
		return true
	}
	deep := false
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.Message() == nil {
			return true
		}
		if fd.IsList() {
			list := v.List()
			for i := 0; i < list.Len() && !deep; i++ {
				deep = depthExceeds(list.Get(i).Message(), limit-1)
			}
		} else {
			deep = depthExceeds(v.Message(), limit-1)
		}
		return !deep
	})
	return deep
}
