package main

// isa is an instruction set: the width and the number of its registers, and the tile that they hold.
type isa struct {
	name        string            // prefix of files and routines
	arch        string            // GOARCH
	letter      string            // of a vector register: Y, Z or V
	arrangement string            // of its lanes, behind the number
	lanes       int               // float32 in a register
	regs        int               // vector registers
	rows        int               // of a register tile
	panel       int               // vectors in a row of the widest register tile
	leftRegs    int               // vector registers for elements of A, if a tile leaves so many
	masks       bool              // has mask registers K1 to K7
	dots        bool              // multiplies pairs of bfloat16 and adds them to float32
	inMemory    bool              // arithmetic takes one operand from memory
	registers   map[string]string // general registers by their amd64 names, where they have others
	backend     func(r *routine) backend
}

// avx2 has a tile of 6×2 vectors: 12 accumulators, 2 of B and 2 of A fill the 16 registers.
func avx2() *isa {
	return &isa{name: "avx2", arch: "amd64", letter: "Y", lanes: 8, regs: 16, rows: 6, panel: 2, leftRegs: 2,
		inMemory: true, backend: newAVX}
}

// avx512 has a tile of 6×4 vectors: 24 accumulators, 4 of B and 2 of A take 30 of the 32 registers.
func avx512() *isa {
	return &isa{name: "avx512", arch: "amd64", letter: "Z", lanes: 16, regs: 32, rows: 6, panel: 4, leftRegs: 2,
		masks: true, inMemory: true, backend: newAVX}
}

// avx512bf16 adds products of bfloat16 to AVX-512, on the same tile.
func avx512bf16() *isa {
	set := avx512()
	set.name, set.dots = "avx512bf16", true
	return set
}

// neon has a tile of 8×3 vectors: 24 accumulators, 3 of B and 4 of A take 31 of the 32 registers. The last
// one holds operands that come from memory.
func neon() *isa {
	return &isa{name: "neon", arch: "arm64", letter: "V", arrangement: ".S4", lanes: 4, regs: 31, rows: 8,
		panel: 3, leftRegs: 8, registers: a64Registers(), backend: newA64}
}

// bytes is the size of a vector register.
func (s *isa) bytes() int { return 4 * s.lanes }

// general is the name of a general register, given its name on amd64.
func (s *isa) general(reg string) string {
	if name, ok := s.registers[reg]; ok {
		return name
	}
	return reg
}
