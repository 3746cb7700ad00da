package reports

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// offCurve is the variance of figures about a smooth curve, with its degrees of freedom: a parabola takes
// out the bend that a power law misses, which is no noise, and more terms what a ratio of curves may have
// besides.
func offCurve(figures []figured, curve form) (variance, degrees float64) {
	const parabola, many = 3, 7
	switch {
	case curve == bent:
		return offBent(figures, parabola)
	case curve == straight:
		return offPolynomial(figures, parabola)
	case len(figures) < many:
		return offPolynomial(figures, parabola+1)
	}
	return offPolynomial(figures, parabola+2)
}

// offBent is the variance about a curve with terms that a fixed cost was added to, of which the share at the
// shortest length is searched.
func offBent(figures []figured, terms int) (variance, degrees float64) {
	degrees = float64(len(figures) - terms - 1)
	if degrees < 1 {
		return 0, 0
	}
	basis := polynomials(figures, terms)
	_, sum := searchShare(func(share float64) float64 {
		if share == 1 {
			return math.Inf(1) // nothing but a fixed cost
		}
		return squaresOff(withoutFixed(figures, share), basis)
	})
	return sum / degrees, degrees
}

// withoutFixed takes a fixed cost, of so large a share at the shortest length, from figures. Its share at
// others follows from the exponent of the rest over the longest two steps.
func withoutFixed(figures []figured, share float64) []figured {
	first, low, top := figures[0], figures[len(figures)-3], figures[len(figures)-1]
	exponent := 0.0
	factor := func(f figured) float64 { // of the fixed cost, as a logarithm
		return math.Log1p(share / (1 - share) * math.Exp(-exponent*(f.x-first.x)))
	}
	for range 3 { // each finds it closer
		exponent = (top.y - low.y - factor(top) + factor(low)) / (top.x - low.x)
	}
	rest := make([]figured, len(figures))
	for i, f := range figures {
		f.y -= factor(f)
		rest[i] = f
	}
	return rest
}

// offPolynomial is the variance about a polynomial with so many terms.
func offPolynomial(figures []figured, terms int) (variance, degrees float64) {
	degrees = float64(len(figures) - terms)
	if degrees < 1 {
		return 0, 0
	}
	return squaresOff(figures, polynomials(figures, terms)) / degrees, degrees
}

// polynomials are so many of lengths, orthogonal to each other and of length 1.
func polynomials(figures []figured, terms int) [][]float64 {
	mean := 0.0
	for _, f := range figures {
		mean += f.x / float64(len(figures))
	}
	var basis [][]float64
	for degree := range terms {
		power := make([]float64, len(figures))
		for i, f := range figures {
			power[i] = 1
			if degree > 0 {
				power[i] = basis[degree-1][i] * (f.x - mean)
			}
		}
		for _, q := range basis {
			floats.AddScaled(power, -floats.Dot(q, power), q)
		}
		floats.Scale(1/floats.Norm(power, 2), power)
		basis = append(basis, power)
	}
	return basis
}

// squaresOff is the sum of the squares of what figures are off the closest sum of orthogonal functions.
func squaresOff(figures []figured, basis [][]float64) float64 {
	rest := make([]float64, len(figures))
	for i, f := range figures {
		rest[i] = f.y
	}
	for _, q := range basis {
		floats.AddScaled(rest, -floats.Dot(q, rest), q)
	}
	return floats.Dot(rest, rest)
}
