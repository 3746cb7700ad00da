//go:build !noasm

package kernel

import "github.com/klauspost/cpuid/v2"

// vectorSets returns the sets in assembly that this CPU and its operating system support. Where the system
// names no features (Windows) the CPU has NEON, like any other that runs Go: the runtime uses it too.
func vectorSets() []*Set {
	unknown := len(cpuid.CPU.FeatureSet()) == 0
	if unknown || cpuid.CPU.Supports(cpuid.ASIMD) {
		return []*Set{neon().set()}
	}
	return nil
}

func neon() *routines {
	return &routines{
		name: "neon", lanes: 4, rows: 8, panel: 3,
		gemm:       []product{neonGemm1, neonGemm2, neonGemm3},
		gemmMax:    []productMax{neonGemmMax1, neonGemmMax2, neonGemmMax3},
		gemmT:      []product{neonGemmT1, neonGemmT2, neonGemmT3},
		gemmTLanes: []product{neonGemmTLanes1, neonGemmTLanes2, neonGemmTLanes3},
		gemmLanes:  neonGemmLanes, lanesRows: 6,
		pack: neonPack, maxCols: neonMaxCols, expSum: neonExpSum, alphas: neonAlphas,
		expCols: neonExpCols, exp2: neonExp2, relu: neonReLU, elu: neonELU,
		scaleCols: neonScaleCols, slope: neonSlope, dotCols: neonDotCols, gradCols: neonGradCols,
		argMaxCols: neonArgMaxCols, marginCols: neonMarginCols, scaleRows: neonScaleRows,
		mixRows: neonMixRows, powerRows: neonPowerRows, sumDown: neonSumDown, dotRows: neonDotRows,
		gatherRows: neonGatherRows, scatterRows: neonScatterRows, sumRows: neonSumRows,
		squareRows: neonSquareRows, widen: neonWiden, narrow: neonNarrow, fma: neonFMA,
	}
}
