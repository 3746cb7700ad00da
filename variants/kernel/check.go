package kernel

import "fmt"

// need panics when x cannot hold rows×cols elements with leading dimension ld.
func need[T any](name string, x []T, rows, cols, ld int) {
	if rows < 0 || cols < 0 || rows > 1 && ld < cols || len(x) < span(rows, cols, ld) {
		panic(fmt.Sprintf("kernel: %s of %d elements cannot hold %d×%d with leading dimension %d",
			name, len(x), rows, cols, ld))
	}
}

// needListed panics when a row of cols elements that index lists is not in x.
func needListed(name string, x []float32, cols, ld int, index []int32) {
	least, most := int32(0), int32(-1)
	for _, r := range index {
		least, most = min(least, r), max(most, r)
	}
	if least < 0 {
		panic(fmt.Sprintf("kernel: row %d of %s is listed", least, name))
	}
	need(name, x, int(most)+1, cols, ld)
}

// needEven panics when a count of elements that are taken in pairs is odd.
func needEven(name string, count int) {
	if count%2 != 0 {
		panic(fmt.Sprintf("kernel: %s = %d is odd: pairs need an even number", name, count))
	}
}

// span is the number of elements from the first to the last of a matrix.
func span(rows, cols, ld int) int {
	if rows == 0 || cols == 0 {
		return 0
	}
	return (rows-1)*ld + cols
}

// needCols panics when cols is not a multiple of lanes.
func needCols(lanes, cols int) {
	if cols%lanes != 0 {
		panic(fmt.Sprintf("kernel: %d columns are not a multiple of %d lanes: pad them", cols, lanes))
	}
}

// matrix is a slice with the sides that its use asks for.
type matrix struct {
	x              []float32
	rows, cols, ld int
}

// needProduct panics when an operand of C = A·B is too short or n is not a multiple of lanes.
func needProduct(lanes int, a, b, c matrix) {
	needCols(lanes, c.cols)
	need("a", a.x, a.rows, a.cols, a.ld)
	need("b", b.x, b.rows, b.cols, b.ld)
	need("c", c.x, c.rows, c.cols, c.ld)
}

// grid is a slice of vectors with two strides, and the sides that its use asks for.
type grid struct {
	x         []float32
	rows, row int
	cols, col int
}

// A tile of GemmLanes has lanesCols columns, and a height that divides lanesRows on every set.
const lanesRows, lanesCols = 6, 4

// needLanes panics when an operand of C = A·B, with vectors for elements, is too short or C does not consist
// of whole tiles. B is given by its columns.
func needLanes(lanes int, a, b, c grid) {
	if c.rows%lanesRows != 0 || c.cols%lanesCols != 0 {
		panic(fmt.Sprintf("kernel: %d×%d vectors are not multiples of %d×%d: pad them",
			c.rows, c.cols, lanesRows, lanesCols))
	}
	for i, g := range []grid{a, b, c} {
		if g.rows < 0 || g.cols < 0 || g.row < 0 || g.col < 0 {
			panic("kernel: a side or a stride is negative")
		}
		if g.rows > 0 && g.cols > 0 && len(g.x) < (g.rows-1)*g.row+(g.cols-1)*g.col+lanes {
			panic(fmt.Sprintf("kernel: %c of %d elements cannot hold %d×%d vectors with strides %d and %d",
				"abc"[i], len(g.x), g.rows, g.cols, g.row, g.col))
		}
	}
}

// needTLanes panics when an operand of GemmTLanes is too short. b and c are those of the first lane.
func needTLanes(lanes, count int, a, b matrix, bl int, c matrix, cl int) {
	if count < 1 {
		return
	}
	if count > lanes || bl < 0 || cl < 0 {
		panic(fmt.Sprintf("kernel: %d of %d lanes, %d and %d elements apart", count, lanes, bl, cl))
	}
	needCols(lanes, c.cols)
	need("a", a.x, a.rows, a.cols*lanes, a.ld)
	need("b", b.x[min((count-1)*bl, len(b.x)):], b.rows, b.cols, b.ld)
	need("c", c.x[min((count-1)*cl, len(c.x)):], c.rows, c.cols, c.ld)
}

// needPack panics when an operand of Pack is too short; it returns rows rounded up to lanes.
func needPack(lanes, rows, cols int, dst []float32, ldd int, src []float32, lds int) (padded int) {
	padded = (rows + lanes - 1) / lanes * lanes
	need("src", src, rows, cols, lds)
	need("dst", dst, cols, padded, ldd)
	return padded
}

// needPowers panics when an operand of PowerRows is too short.
func needPowers(rows, cols int, up []float32, ldu int, x []float32, ldx int, down []float32, ldd int,
	y []float32, ldy int, p []float32, ldp int) {
	need("up", up, rows, cols, ldu)
	need("x", x, rows, cols, ldx)
	need("down", down, rows, cols, ldd)
	need("y", y, rows, cols, ldy)
	need("p", p, rows, cols, ldp)
}

// needBlocks panics when an operand of PackBlocks is too short.
func needBlocks(lanes, blocks, cols int, dst []float32, ldd, dstStep int, src []float32, lds, srcStep int) {
	if blocks < 1 || cols < 1 {
		return
	}
	if dstStep < 0 || srcStep < 0 {
		panic("kernel: a step is negative")
	}
	need("src", src[min((blocks-1)*srcStep, len(src)):], lanes, cols, lds)
	need("dst", dst[min((blocks-1)*dstStep, len(dst)):], cols, lanes, ldd)
}
