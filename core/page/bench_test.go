package page

import (
	"math/rand"
	"testing"
)

// itemPage has n items of the given size, in random physical order, and free room.
func itemPage(rng *rand.Rand, n, size int) Page {
	e := NewEditor(New())
	check(e.Init(16, 0))
	item := make([]byte, size)
	for i := range n {
		rng.Read(item)
		check(e.InsertItem(OffsetNumber(1+rng.Intn(i+1)), item))
	}
	return append(Page(nil), e.Page()...)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func BenchmarkInsert(b *testing.B) {
	rng := rand.New(rand.NewSource(1))
	base := itemPage(rng, 280, 16)
	item := make([]byte, 16)
	e := NewEditor(base)
	b.ReportAllocs()
	for b.Loop() {
		e.Reset(base)
		check(e.InsertItem(OffsetNumber(1+rng.Intn(280)), item))
		e.Change(false)
	}
	b.ReportMetric(float64(len(e.logged)), "payload-bytes")
}

func BenchmarkApplyInsert(b *testing.B) {
	rng := rand.New(rand.NewSource(1))
	base := itemPage(rng, 280, 16)
	e := NewEditor(base)
	check(e.InsertItem(7, make([]byte, 16)))
	c, _ := e.Change(false)
	p := append(Page(nil), base...)
	b.Run("apply and undo", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			check(c.Apply(p, 0))
			check(c.Undo(p, 0))
		}
	})
}

func BenchmarkReplayInsert(b *testing.B) {
	rng := rand.New(rand.NewSource(1))
	base := itemPage(rng, 280, 16)
	e := NewEditor(base)
	check(e.InsertItem(7, make([]byte, 16)))
	list, _ := e.ForwardEdits()
	host := NewEditor(base)
	b.ReportAllocs()
	for b.Loop() {
		host.Reset(base)
		check(host.Replay(list))
		host.Change(false)
	}
}

func BenchmarkDeleteItems(b *testing.B) {
	rng := rand.New(rand.NewSource(1))
	base := itemPage(rng, 400, 16)
	offs := []OffsetNumber{20, 133, 270, 391}
	e := NewEditor(base)
	b.ReportAllocs()
	for b.Loop() {
		e.Reset(base)
		check(e.DeleteItems(offs, false))
		e.Change(false)
	}
}

func BenchmarkDiff(b *testing.B) {
	rng := rand.New(rand.NewSource(1))
	base := itemPage(rng, 280, 16)
	for _, bc := range []struct {
		name string
		edit func(p Page)
	}{
		{"equal", func(Page) {}},
		{"16 bytes", func(p Page) { rng.Read(p[5000:5016]) }},
		{"scattered", func(p Page) {
			for i := 100; i < Size; i += 64 {
				p[i]++
			}
		}},
		{"all", func(p Page) { rng.Read(p[HeaderSize:]) }},
	} {
		b.Run(bc.name, func(b *testing.B) {
			p := append(Page(nil), base...)
			bc.edit(p)
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				out, _ = appendDiff(out[:0], base, p, Size)
			}
		})
	}
}

func BenchmarkContentCRC(b *testing.B) {
	p := itemPage(rand.New(rand.NewSource(1)), 280, 16)
	b.SetBytes(Size)
	for b.Loop() {
		p.ContentCRC()
	}
}

func BenchmarkSeal(b *testing.B) {
	p := itemPage(rand.New(rand.NewSource(1)), 280, 16)
	b.ReportAllocs()
	for b.Loop() {
		p.Seal(Tag{Block: 7}, 1, 2)
	}
}

func BenchmarkValidate(b *testing.B) {
	p := itemPage(rand.New(rand.NewSource(1)), 280, 16)
	b.ReportAllocs()
	for b.Loop() {
		check(p.Validate())
	}
}
