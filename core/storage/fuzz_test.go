package storage

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

// FuzzDecodeBatch: any bytes decode to nothing, to an error, or to a batch whose every page verifies.
func FuzzDecodeBatch(f *testing.F) {
	header := make([]byte, headerBytes)
	encodeHeader(header, 0, 3, 3, 0)
	f.Add(header, false)
	one := append(make([]byte, headerBytes), pageAt(at(relA, 5), 9)...)
	binary.LittleEndian.PutUint32(one[entriesAt:], uint32(relA.Rel))
	binary.LittleEndian.PutUint32(one[entriesAt+4:], 5)
	binary.LittleEndian.PutUint32(one[entriesAt+8:], page.Page(one[headerBytes:]).Checksum())
	encodeHeader(one, 1, 7, 2, 0)
	f.Add(one, false)
	f.Add(one[:page.Size], true)
	f.Fuzz(func(t *testing.T, b []byte, seal bool) {
		if seal && len(b) >= headerBytes {
			copy(b, batchMagic)
			binary.LittleEndian.PutUint64(b[32:], 0)
			binary.LittleEndian.PutUint32(b[12:], headerCRC(b))
		}
		found, err := decodeBatch(b, 0)
		if err != nil || found == nil {
			return
		}
		require.LessOrEqual(t, len(found.bytes), len(b))
		for i, tag := range found.tags {
			require.NoError(t, found.page(i).Verify(tag))
		}
	})
}

// TestBatchRoundTrip: what write encodes decodeBatch finds, wherever it lies in the ring.
func TestBatchRoundTrip(t *testing.T) {
	m := openTest(t, vfs.NewMem(), tiny)
	for n := range m.ring.maxPages + 1 {
		var jobs []job
		for i := range n {
			tag := at(page.RelFile{Rel: page.RelFileNumber(n), Fork: page.ForkNumber(i % 2)}, page.BlockNumber(1000*i))
			jobs = append(jobs, job{PageWrite: PageWrite{tag, pageAt(tag, page.LSN(i+1))}})
		}
		off := m.ring.place(n)
		seq, err := m.ring.write(jobs, 4)
		require.NoError(t, err)
		size, err := m.ring.file.Size()
		require.NoError(t, err)
		ring := make([]byte, size)
		_, err = m.ring.file.ReadAt(ring, 0)
		require.NoError(t, err)
		found, err := decodeBatch(ring, off)
		require.NoError(t, err)
		require.Equal(t, seq, found.seq)
		require.Equal(t, uint64(4), found.oldest)
		require.Len(t, found.tags, n)
		for i, j := range jobs {
			require.Equal(t, j.Tag, found.tags[i])
			require.Equal(t, j.Page, found.page(i))
		}
	}
}
