//go:build !noasm

package kernel

import "github.com/klauspost/cpuid/v2"

// vectorSets returns the sets in assembly that this CPU and its operating system support.
func vectorSets() []*Set {
	var sets []*Set
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3) {
		sets = append(sets, avx2().set())
	}
	if cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512DQ, cpuid.AVX512VL) {
		sets = append(sets, avx512().set())
	}
	if len(sets) == 2 && cpuid.CPU.Supports(cpuid.AVX512BF16) {
		sets = append(sets, avx512bf16().set("avx512bf16"))
	}
	return sets
}

func avx2() *routines {
	return &routines{
		name: "avx2", lanes: 8, rows: 6, panel: 2,
		gemm:       []product{avx2Gemm1, avx2Gemm2},
		gemmMax:    []productMax{avx2GemmMax1, avx2GemmMax2},
		gemmT:      []product{avx2GemmT1, avx2GemmT2},
		gemmTLanes: []product{avx2GemmTLanes1, avx2GemmTLanes2},
		gemmLanes:  avx2GemmLanes, lanesRows: 3,
		pack: avx2Pack, maxCols: avx2MaxCols, expSum: avx2ExpSum, alphas: avx2Alphas,
		expCols: avx2ExpCols, exp2: avx2Exp2, relu: avx2ReLU, elu: avx2ELU,
		scaleCols: avx2ScaleCols, slope: avx2Slope, dotCols: avx2DotCols, gradCols: avx2GradCols,
		argMaxCols: avx2ArgMaxCols, marginCols: avx2MarginCols, scaleRows: avx2ScaleRows,
		mixRows: avx2MixRows, powerRows: avx2PowerRows, sumDown: avx2SumDown, dotRows: avx2DotRows,
		gatherRows: avx2GatherRows, scatterRows: avx2ScatterRows, sumRows: avx2SumRows,
		squareRows: avx2SquareRows, widen: avx2Widen, narrow: avx2Narrow, fma: avx2FMA,
	}
}

func avx512() *routines {
	return &routines{
		name: "avx512", lanes: 16, rows: 6, panel: 4,
		gemm:       []product{avx512Gemm1, avx512Gemm2, avx512Gemm3, avx512Gemm4},
		gemmMax:    []productMax{avx512GemmMax1, avx512GemmMax2, avx512GemmMax3, avx512GemmMax4},
		gemmT:      []product{avx512GemmT1, avx512GemmT2, avx512GemmT3, avx512GemmT4},
		gemmTLanes: []product{avx512GemmTLanes1, avx512GemmTLanes2, avx512GemmTLanes3, avx512GemmTLanes4},
		gemmLanes:  avx512GemmLanes, lanesRows: 6,
		pack: avx512Pack, maxCols: avx512MaxCols, expSum: avx512ExpSum, alphas: avx512Alphas,
		expCols: avx512ExpCols, exp2: avx512Exp2, relu: avx512ReLU, elu: avx512ELU,
		scaleCols: avx512ScaleCols, slope: avx512Slope, dotCols: avx512DotCols, gradCols: avx512GradCols,
		argMaxCols: avx512ArgMaxCols, marginCols: avx512MarginCols, scaleRows: avx512ScaleRows,
		mixRows: avx512MixRows, powerRows: avx512PowerRows, sumDown: avx512SumDown, dotRows: avx512DotRows,
		gatherRows: avx512GatherRows, scatterRows: avx512ScatterRows, sumRows: avx512SumRows,
		squareRows: avx512SquareRows, widen: avx512Widen, narrow: avx512Narrow, fma: avx512FMA,
	}
}

// avx512bf16 is avx512 with products of bfloat16.
func avx512bf16() *dotRoutines {
	return &dotRoutines{
		routines: avx512(),
		gemm:     []dotProduct{avx512bf16Gemm1, avx512bf16Gemm2, avx512bf16Gemm3, avx512bf16Gemm4},
		gemmMax:  []dotProductMax{avx512bf16GemmMax1, avx512bf16GemmMax2, avx512bf16GemmMax3, avx512bf16GemmMax4},
		gemmT:    []dotProductT{avx512bf16GemmT1, avx512bf16GemmT2, avx512bf16GemmT3, avx512bf16GemmT4},
		pack:     avx512bf16Pack, pairRows: avx512bf16PairRows, expSumPairs: avx512bf16ExpSumPairs,
		fma: avx512bf16FMA,
	}
}
