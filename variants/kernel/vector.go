//go:build !noasm && (amd64 || arm64)

package kernel

// routines are the assembly routines of one instruction set. They take whole vectors of columns and know
// no limits: the methods below check slices, treat what is left at the edges and keep every call short.
type routines struct {
	name               string
	lanes, rows, panel int // panel in vectors
	lanesRows          int // of a register tile of gemmLanes
	gemm, gemmT        []product
	gemmMax            []productMax
	gemmTLanes         []product
	gemmLanes          func(cols, k int, a *float32, ai, ap int, b *float32, bj, bp int, c *float32, ci, cj int)
	pack               func(blocks, cols int, dst *float32, ldd, dstStep int, src *float32, lds, srcStep int,
		scale float32)
	maxCols    func(rows, vecs int, x *float32, ld int, max *float32)
	expSum     func(rows, vecs int, x *float32, ld int, m, sum *float32)
	alphas     func(vecs int, m, sum, alpha *float32) bool
	expCols    func(rows, vecs int, x *float32, ld int, sub *float32, add float32)
	gradCols   func(rows, vecs int, x *float32, ld int, p *float32, ldp int, sub *float32)
	exp2       func(n int, dst, src *float32)
	relu       func(rows, vecs int, x *float32, ld int, add float32)
	elu        func(rows, vecs int, x *float32, ld int)
	scaleCols  func(rows, vecs int, x *float32, ld int, dst *float32, ldd int, f *float32)
	slope      func(rows, vecs int, x *float32, ld int, y *float32, ldy int, steep float32)
	dotCols    func(rows, vecs int, x *float32, ld int, w, dot *float32)
	argMaxCols func(rows, vecs int, x *float32, ld int, index *int32)
	marginCols func(rows, vecs int, x *float32, ld int, margin *float32)
	scaleRows  func(rows, cols int, dst *float32, ldd int, src *float32, lds int, f *float32)
	mixRows    func(rows, cols int, dst *float32, ldd int, x *float32, ldx int, y *float32, ldy int,
		f, g *float32)
	powerRows func(rows, cols int, up *float32, ldu int, x *float32, ldx int, down *float32, ldd int, y *float32,
		ldy int, p *float32, ldp int, f float32)
	sumDown     func(rows, cols int, dst *float32, ldd int, x *float32, ldx int, f float32)
	gatherRows  move
	scatterRows move
	sumRows     func(rows, cols int, x *float32, ld int, sum *float32)
	dotRows     func(rows, cols int, x *float32, ld int, w, sum *float32)
	squareRows  func(rows, cols int, x *float32, ld int, sum *float32)
	widen       func(rows, vecs int, dst *float32, ldd int, src *BF16, lds int)
	narrow      func(rows, vecs int, dst *BF16, ldd int, src *float32, lds int)
	fma         func(n int)

	ahead *Ahead // nil: nothing
}

// product multiplies m rows with a panel of B of a fixed width. Each tile of rows asks for so many cache
// lines of ahead.
type product func(m, k int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, add bool,
	lines int, ahead *float32)

// productMax is product with the maxima of the panel's columns.
type productMax func(m, k int, a *float32, lda int, b *float32, ldb int, c *float32, ldc int, max *float32,
	lines int, ahead *float32)

// move copies rows between a dense matrix and listed rows of another.
type move func(rows, cols int, dst *float32, ldd int, src *float32, lds int, index *int32)

// set puts the methods into a Set.
func (r *routines) set() *Set {
	return &Set{
		Name: r.name, Lanes: r.lanes, Panel: r.panel * r.lanes, Rows: r.rows,
		Gemm: r.Gemm, GemmMax: r.GemmMax, GemmT: r.GemmT,
		GemmLanes: r.GemmLanes, GemmTLanes: r.GemmTLanes, Pack: r.Pack, PackBlocks: r.PackBlocks,
		Widen: r.Widen, Narrow: r.Narrow,
		Softmax: r.Softmax, ScaleRows: r.ScaleRows, MixRows: r.MixRows,
		PowerRows: r.PowerRows, SumDown: r.SumDown,
		GatherRows: r.GatherRows, ScatterRows: r.ScatterRows,
		MaxCols: r.MaxCols, ExpCols: r.ExpCols, GradCols: r.GradCols, ReLU: r.ReLU,
		ELU: r.ELU, SinCos: r.SinCos, ScaleCols: r.ScaleCols, Slope: r.Slope,
		DotCols: r.DotCols, SumRows: r.SumRows, DotRows: r.DotRows, SquareRows: r.SquareRows,
		ArgMaxCols: r.ArgMaxCols, MarginCols: r.MarginCols, Exp2: r.Exp2, FMA: r.FMA,
		ahead: func(a *Ahead) *Set { return r.with(a).set() },
	}
}

// with are the same routines with something to ask for.
func (r *routines) with(a *Ahead) *routines {
	c := *r
	c.ahead = a
	return &c
}

func (r *routines) FMA(n int) int64 {
	if n <= 0 {
		return 0
	}
	r.fma(n)
	return int64(n) * int64(r.rows*r.panel*r.lanes) * 2
}

func (r *routines) Exp2(dst, src []float32) {
	need("dst", dst, 1, len(src), len(src))
	for len(src) > 0 {
		n := min(len(src), elementLimit)
		r.exp2(n, &dst[0], &src[0])
		dst, src = dst[n:], src[n:]
	}
}

// Pack leaves whole blocks to the assembly and moves the elements at the right and lower edges itself.
func (r *routines) Pack(rows, cols int, dst []float32, ldd int, src []float32, lds int, scale float32) {
	padded := needPack(r.lanes, rows, cols, dst, ldd, src, lds)
	fullRows, fullCols := rows/r.lanes*r.lanes, cols/r.lanes*r.lanes
	r.packFull(fullRows/r.lanes, fullCols, dst, ldd, r.lanes, src, lds, r.lanes*lds, scale)
	if fullRows == rows && fullCols == cols {
		return
	}
	for c := range cols {
		out := dst[c*ldd:][:padded]
		first := fullRows
		if c >= fullCols {
			first = 0
		}
		for i := first; i < rows; i++ {
			out[i] = scale * src[i*lds+c]
		}
		clear(out[rows:])
	}
}

// PackBlocks leaves the columns that fill vectors to the assembly.
func (r *routines) PackBlocks(blocks, cols int, dst []float32, ldd, dstStep int,
	src []float32, lds, srcStep int, scale float32) {
	needBlocks(r.lanes, blocks, cols, dst, ldd, dstStep, src, lds, srcStep)
	full := cols / r.lanes * r.lanes
	r.packFull(blocks, full, dst, ldd, dstStep, src, lds, srcStep, scale)
	if full < cols {
		packBlocks(r.lanes, blocks, cols-full, dst[full*ldd:], ldd, dstStep, src[full:], lds, srcStep, scale)
	}
}

// packFull transposes blocks of as many rows as there are lanes; cols is a multiple of the lanes too.
func (r *routines) packFull(blocks, cols int, dst []float32, ldd, dstStep int,
	src []float32, lds, srcStep int, scale float32) {
	if cols == 0 {
		return
	}
	most := max(1, elementLimit/(cols*r.lanes))
	for b := 0; b < blocks; b += most {
		r.pack(min(most, blocks-b), cols, &dst[b*dstStep], ldd, dstStep, &src[b*srcStep], lds, srcStep, scale)
	}
}
