package engine

import (
	"crypto/sha256"

	"github.com/quiredb/quire/core/page"
)

// RelationDigest returns the SHA-256 over all pages of a relation fork in block order, as they are in memory or on disk,
// nothing masked, and the number of pages. Equal digests at one LSN mean equal bytes on two nodes. Pages are read one by
// one: for a digest that means something nobody changes the relation meanwhile.
func (e *Engine) RelationDigest(rf page.RelFile) (digest [32]byte, pages page.BlockNumber, err error) {
	n, err := e.Pool.Length(rf)
	if err != nil {
		return digest, 0, err
	}
	h := sha256.New()
	for blk := range n {
		b, err := e.Pool.Pin(page.Tag{RelFile: rf, Block: blk})
		if err != nil {
			return digest, 0, err
		}
		b.RLock()
		h.Write(b.Page())
		b.RUnlock()
		b.Unpin()
	}
	h.Sum(digest[:0])
	return digest, n, nil
}
