package session

// GenericShapes is the number of shapes that run without being parsed and planned.
func GenericShapes(s *Session) int {
	n := 0
	for e := s.shapes.recent.Front(); e != nil; e = e.Next() {
		if e.Value.(*shaped).generic != nil {
			n++
		}
	}
	return n
}
