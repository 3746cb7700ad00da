package main

// backend writes the steps of routines in the instructions of one architecture. What all instruction sets do
// in the same way is written once, as a series of steps.
//
// General registers go by their amd64 names in steps; every other architecture has its own for them. A memory
// operand is one that routine.at or routine.arg returned. Operands are in the order of the Go assembler:
// sources first, destination last; a destination may be a source too.
type backend interface {
	loadArg(name, reg string)                   // reg = parameter
	storeArg(reg, name string)                  // parameter = reg
	stride(name, reg string, size int)          // reg = leading dimension in bytes, of elements of 2 or 4
	setReg(value uint32, reg string)            // reg = value
	copyReg(from, to string)                    // to = from
	addReg(by any, reg string)                  // reg += a number or a register
	addTimes(times int, by, reg string)         // reg += times·by; times is 4, 8 or 16
	subReg(by any, reg string)                  // reg -= a number or a register
	mulReg(by, reg string)                      // reg *= by
	orReg(by, reg string)                       // reg |= by
	loadInt32(base, reg string)                 // reg = int32 at base
	prefetch(base string)                       // asks for the cache line at base
	prefetchL2(base string)                     // asks for it in the second-level cache
	jumpIf(reg string, c cond, n int, l string) // jumps if reg compares so with n
	count(by int, reg string, c cond, l string) // reg += by, jumps if the sum compares so with 0
	jumpUnless(name, l string)                  // jumps if a parameter is false
	returnTruth(reg string)                     // the result is whether reg is not 0
	ret()                                       // ends the routine

	loadVec(mem string, to vec)                // to = vector in memory
	storeVec(from vec, mem string)             // memory = from
	loadLane(mem string, to vec)               // lowest lane = element in memory, the others 0
	storeLane(from vec, mem string)            // memory = lowest lane
	addLane(mem string, to vec)                // lowest lane += element in memory
	broadcast(mem string, to vec)              // every lane = element in memory
	splat(reg string, to vec)                  // every lane = lower half of reg
	loadConstant(name string, to vec)          // every lane = constant of 2^x
	copyVec(from, to vec)                      // to = from
	zero(to vec)                               // to = 0
	add(x any, y, to vec)                      // to = y + x; x is a vector or in memory, here and below
	sub(x any, y, to vec)                      // to = y - x
	mul(x any, y, to vec)                      // to = y · x
	mulAdd(x any, y, sum vec)                  // sum += y · x, fused
	addInt(x, y, to vec)                       // to = y + x, lanes are int32
	larger(x any, y, to vec)                   // to = larger of y and x; a NaN in x stays
	smaller(x any, y, to vec)                  // to = smaller of y and x; a NaN in x stays
	and(x any, y, to vec)                      // to = bits that both have
	raise(x, high vec)                         // high = larger of x and high; a NaN in x leaves high alone
	fold(v []vec, scratch vec)                 // lowest lane of v[0] = sum of all lanes of four vectors
	loadBF16(mem string, to vec)               // to = vector of bfloat16 in memory
	storeBF16(n *rounding, mem string)         // memory = n.x rounded to bfloat16; n.x, n.y, n.mask change
	power(e *power)                            // e.p = 2^e.x
	powers(e *powers)                          // e.up = 2^e.x, e.down = 2^-e.x
	differs(x, y any, scratch vec, reg string) // reg = not 0 if any lane of x and y differs

	// track sets best to x and at to row in lanes where x is greater (or less) than best.
	track(greater bool, x, best, scratch, row, at vec)

	blockStride(name, reg, spare string) // stride for blockRows, which may use spare
	// blockAhead asks for the rows a step behind those that blockRows will visit, if that is worth it: rows that
	// lie apart are too many streams for the machine to foresee.
	blockAhead(base, stride, spare, step string)
	// blockRows visits as many rows as a vector has lanes and leaves base behind the last one.
	blockRows(base, stride, spare string, visit func(i int, mem string))
	// rowStrides is stride for rowsFrom, which may use the spare registers.
	rowStrides(name, reg, spare3, spare5 string)
	// rowsFrom visits up to six rows from base on, which stays.
	rowsFrom(rows int, base, stride, spare3, spare5 string, visit func(i int, mem string))
	transpose(block []vec, spare vec) []vec // the columns of a block of rows

	gemmStart()                       // parameters and strides of a product
	gemmBegin(t *tile)                // pointers to operands, kLeft, accumulators of 0; C is prefetched
	gemmSteps(t *tile, steps int)     // adds so many outer products and moves on: 1 or 4
	gemmNext(a layout)                // moves A and C down by a full tile
	gemmRow(i int) func(j int) string // the vectors of row i of the tile in C, called for i = 0, 1, …
}

// cond is a relation of two signed integers, as jump instructions spell it.
type cond string

const (
	less    cond = "LT"
	atLeast cond = "GE"
	greater cond = "GT"
	equal   cond = "EQ"
	unequal cond = "NE"
)
