// Command gen writes the assembly of the kernel package and the Go stubs that declare it.
//
//	go run . DIR
//
// writes NAME_GOARCH.s and NAME_stubs_GOARCH.go into DIR for every instruction set.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "gen: one argument is needed, the folder to write to")
		os.Exit(2)
	}
	for name, text := range files() {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), text, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
	}
}

// files returns the generated files by name.
func files() map[string][]byte {
	out := map[string][]byte{}
	for _, set := range []*isa{avx2(), avx512(), avx512bf16(), neon()} {
		all := routines(set)
		out[set.name+"_"+set.arch+".s"] = assembly(set, all)
		out[set.name+"_stubs_"+set.arch+".go"] = stubs(all)
	}
	return out
}

// routines builds every routine of an instruction set.
func routines(set *isa) []*routine {
	var all []*routine
	for width := 1; width <= set.panel; width++ {
		all = append(all, gemm(set, width, rowMajor, false), gemm(set, width, rowMajor, true),
			gemm(set, width, kMajor, false))
		if !set.dots {
			all = append(all, gemm(set, width, laneMajor, false))
		}
	}
	if set.dots { // what it adds
		return append(all, packPairs(set), pairRows(set), expSumPairs(set), fma(set))
	}
	return append(all, gemmLanes(set), pack(set),
		maxCols(set), expSum(set), alphas(set), expCols(set), gradCols(set), exp2(set),
		relu(set), elu(set), scaleCols(set), slope(set), dotCols(set), argMaxCols(set), marginCols(set),
		scaleRows(set), mixRows(set), powerRows(set), sumDown(set), gatherRows(set), scatterRows(set),
		sumRows(set), dotRows(set), squareRows(set),
		widen(set), narrow(set), fma(set))
}
