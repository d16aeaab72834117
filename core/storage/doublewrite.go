package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
)

// The double-write area is a ring of batches. A batch starts at a multiple of 4096 bytes and does not wrap; one that
// does not fit before the end of the ring starts at 0. Integers are little endian.
//
//	0          4096                      4096 + count*8192
//	+----------+--------+--------+------+
//	| header   | page 0 | page 1 | …    |
//	+----------+--------+--------+------+
//
// The header:
//
//	0       8         10      12      16    24       32       40      48           48+16*count  4096
//	+-------+---------+-------+-------+-----+--------+--------+-------+------------+------------+
//	| magic | version | count | crc   | seq | oldest | offset | zero  | entries    | zero       |
//	| "QUIREDWB"      | u16   | u32   | u64 | u64    | u64    | u64   | 16 each    |            |
//	+-------+---------+-------+-------+-----+--------+--------+-------+------------+------------+
//
// crc is the CRC-32C of the header without its first eight bytes and itself. seq counts batches from 1. oldest is the first batch that was
// still needed when this one was written; older ones found in the file are remains. offset is the header's own place.
//
// An entry:
//
//	0       4       8          12     13     16
//	+-------+-------+----------+------+------+
//	| rel   | block | checksum | fork | zero |
//	+-------+-------+----------+------+------+
//
// checksum is the one in the page's header, which covers content, LSN and place. A batch is complete if its header
// verifies and every page verifies and has the checksum of its entry. A header with count 0 is the mark of a clean
// close: nothing before it is needed.
const (
	batchMagic   = "QUIREDWB"
	batchVersion = 1
	batchAlign   = 4096
	headerBytes  = 4096
	entryBytes   = 16
	entriesAt    = 48

	// A batch has at most maxBatchPages pages, and never more than half of the ring.
	maxBatchPages       = 128
	minDoubleWriteBytes = 64 << 10
)

const doubleWriteName = "doublewrite"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// doubleWrite is the writing end of the ring. Manager.writer guards it.
type doubleWrite struct {
	name     string
	file     vfs.File
	size     int64
	maxPages int

	head int64       // where the next batch starts if it fits
	next uint64      // its number
	live []liveBatch // batches whose space must not be used again, oldest first
	buf  []byte      // the batch being written
}

type liveBatch struct {
	seq       uint64
	off, size int64
}

func batchBytes(pages int) int64 { return headerBytes + int64(pages)*page.Size }

// place returns where a batch of n pages would start.
func (d *doubleWrite) place(n int) int64 {
	if d.head+batchBytes(n) > d.size {
		return 0
	}
	return d.head
}

// hasRoom reports whether a batch of n pages overwrites no live batch.
func (d *doubleWrite) hasRoom(n int) bool {
	from := d.place(n)
	to := from + batchBytes(n)
	for _, b := range d.live {
		if b.off < to && from < b.off+b.size {
			return false
		}
	}
	return true
}

// forget drops the batches before oldest from the live ones.
func (d *doubleWrite) forget(oldest uint64) {
	n := 0
	for n < len(d.live) && d.live[n].seq < oldest {
		n++
	}
	d.live = d.live[n:]
}

// write writes one batch and returns its number. The caller has made room and syncs afterwards.
func (d *doubleWrite) write(jobs []job, oldest uint64) (uint64, error) {
	size := batchBytes(len(jobs))
	off := d.place(len(jobs))
	if int64(cap(d.buf)) < size {
		d.buf = make([]byte, batchBytes(d.maxPages))
	}
	d.buf = d.buf[:size]
	clear(d.buf[:headerBytes])
	for i, j := range jobs {
		e := d.buf[entriesAt+i*entryBytes:]
		binary.LittleEndian.PutUint32(e[0:], uint32(j.Tag.Rel))
		binary.LittleEndian.PutUint32(e[4:], uint32(j.Tag.Block))
		binary.LittleEndian.PutUint32(e[8:], j.Page.Checksum())
		e[12] = byte(j.Tag.Fork)
		copy(d.buf[headerBytes+i*page.Size:], j.Page)
	}
	seq := d.next
	encodeHeader(d.buf, len(jobs), seq, oldest, off)
	if _, err := d.file.WriteAt(d.buf, off); err != nil {
		return 0, fileError("write", d.name, err)
	}
	d.live = append(d.live, liveBatch{seq: seq, off: off, size: size})
	d.head = off + size
	d.next++
	return seq, nil
}

// pages returns the bytes of pages [from, to) of the batch written last.
func (d *doubleWrite) pages(from, to int) []byte {
	return d.buf[headerBytes+from*page.Size : headerBytes+to*page.Size]
}

func encodeHeader(b []byte, count int, seq, oldest uint64, off int64) {
	copy(b, batchMagic)
	binary.LittleEndian.PutUint16(b[8:], batchVersion)
	binary.LittleEndian.PutUint16(b[10:], uint16(count))
	binary.LittleEndian.PutUint64(b[16:], seq)
	binary.LittleEndian.PutUint64(b[24:], oldest)
	binary.LittleEndian.PutUint64(b[32:], uint64(off))
	binary.LittleEndian.PutUint32(b[12:], headerCRC(b))
}

func headerCRC(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[8:12], castagnoli), castagnoli, b[16:headerBytes])
}

// A batch is one that was found in the file.
type batch struct {
	seq, oldest uint64
	off         int64
	tags        []page.Tag
	bytes       []byte // header and pages
}

func (b *batch) page(i int) page.Page {
	return page.Page(b.bytes[headerBytes+i*page.Size : headerBytes+(i+1)*page.Size])
}

// errNewerFormat refuses a data directory that a later version wrote.
var errNewerFormat = errors.New("the double-write area was written by a newer version; start that version")

// decodeBatch reads the batch that starts at off in the ring's bytes. It returns nil for anything but a complete batch.
func decodeBatch(ring []byte, off int64) (*batch, error) {
	b := ring[off:]
	if len(b) < headerBytes || string(b[:8]) != batchMagic {
		return nil, nil
	}
	if binary.LittleEndian.Uint32(b[12:]) != headerCRC(b) ||
		binary.LittleEndian.Uint64(b[32:]) != uint64(off) {
		return nil, nil
	}
	if v := binary.LittleEndian.Uint16(b[8:]); v != batchVersion {
		return nil, fmt.Errorf("%w: version %d, this program knows %d", errNewerFormat, v, batchVersion)
	}
	count := int(binary.LittleEndian.Uint16(b[10:]))
	if count > maxBatchPages || batchBytes(count) > int64(len(b)) {
		return nil, nil
	}
	found := &batch{
		seq:    binary.LittleEndian.Uint64(b[16:]),
		oldest: binary.LittleEndian.Uint64(b[24:]),
		off:    off,
		tags:   make([]page.Tag, count),
		bytes:  b[:batchBytes(count)],
	}
	for i := range count {
		e := b[entriesAt+i*entryBytes:]
		tag := page.Tag{
			RelFile: page.RelFile{Rel: page.RelFileNumber(binary.LittleEndian.Uint32(e[0:])), Fork: page.ForkNumber(e[12])},
			Block:   page.BlockNumber(binary.LittleEndian.Uint32(e[4:])),
		}
		p := found.page(i)
		if p.Checksum() != binary.LittleEndian.Uint32(e[8:]) || p.Verify(tag) != nil {
			return nil, nil
		}
		found.tags[i] = tag
	}
	return found, nil
}

// openDoubleWrite opens the area, creating it if there is none, and repairs what a crash left torn.
func (m *Manager) openDoubleWrite() error {
	name := filepath.Join(m.dir, doubleWriteName)
	file, err := m.fs.OpenFile(name, os.O_RDWR|os.O_CREATE, filePerm)
	if err != nil {
		return fileError("open", name, err)
	}
	half := (m.opts.DoubleWriteBytes/2 - headerBytes) / page.Size
	m.ring = &doubleWrite{
		name:     name,
		file:     file,
		size:     m.opts.DoubleWriteBytes,
		maxPages: int(min(half, maxBatchPages)),
		next:     1,
	}
	if err := m.recoverDoubleWrite(); err != nil {
		_ = file.Close()
		return err
	}
	return nil
}

// writeCleanMark appends an empty batch that says that no earlier one is needed.
//
// Holds: m.writer, after settle.
func (m *Manager) writeCleanMark() error {
	m.ring.forget(m.progress.oldestNeeded())
	if _, err := m.ring.write(nil, m.ring.next); err != nil {
		return err
	}
	if err := m.ring.file.Sync(); err != nil {
		return m.halt(m.ring.name, err)
	}
	return nil
}
