package harness

import (
	"fmt"
	"unsafe"

	"attnbench/variants/kernel"
)

// fenceBytes is the width of a fence: a page, so that what it encloses is aligned as it would be without.
const fenceBytes = 4096

// fences stand on both sides of everything that calls write. What is written over them went past its end.
type fences []fence

// fence encloses one array.
type fence struct {
	name    string
	trodden func() (before, after int) // elements of it that were overwritten
	mend    func()
}

// fenced allocates n elements between two fences that are added to the list. Elements of the fences have the
// value mark, which no result has.
func fenced[T comparable](f *fences, name string, n int, mark T) []T {
	width := fenceBytes / int(unsafe.Sizeof(mark))
	all := make([]T, width+n+width)
	before, after := all[:width], all[width+n:]
	mend := func() {
		for _, side := range [][]T{before, after} {
			for i := range side {
				side[i] = mark
			}
		}
	}
	mend()
	count := func(side []T) (changed int) {
		for _, x := range side {
			if x != mark {
				changed++
			}
		}
		return changed
	}
	*f = append(*f, fence{name, func() (int, int) { return count(before), count(after) }, mend})
	return all[width : width+n : width+n]
}

// fencedFloats is fenced for float32.
func fencedFloats(f *fences, name string, n int) []float32 {
	const mark = -0x1.dead0ap+99
	return fenced[float32](f, name, n, mark)
}

// fencedHalves is fenced for bfloat16.
func fencedHalves(f *fences, name string, n int) []kernel.BF16 {
	return fenced(f, name, n, kernel.ToBF16(-0x1.dead0ap+99))
}

// trespass says which result a call wrote outside of; empty: none. The fences are whole again afterwards.
func (f fences) trespass() string {
	for _, fence := range f {
		if before, after := fence.trodden(); before+after > 0 {
			f.mend()
			return fmt.Sprintf("%d elements before %s and %d after it", before, fence.name, after)
		}
	}
	return ""
}

func (f fences) mend() {
	for _, fence := range f {
		fence.mend()
	}
}
