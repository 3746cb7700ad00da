package reports

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// parabola is the number of terms of the curve that figures are held against: it takes out the bend that a
// power law misses, which is no noise.
const parabola = 3

// offCurve is the variance of figures about a smooth curve, with its degrees of freedom. Figures that bend
// have a fixed cost taken out first, of which the share at the shortest length is searched: that of a
// quotient from the series, above or below the line, whose share leaves less.
func offCurve(figures []figured, curve form) (variance, degrees float64) {
	const searched = 0.7 // degrees of freedom: a share cannot be negative
	degrees = float64(len(figures) - parabola)
	if curve != straight {
		degrees -= searched
	}
	if degrees < 1 {
		return 0, 0
	}
	basis := polynomials(figures, parabola)
	switch curve {
	case bent:
		return leastOff(figures, figures, 1, basis) / degrees, degrees
	case quotient:
		over, under := make([]figured, len(figures)), make([]figured, len(figures))
		for i, f := range figures {
			over[i], under[i] = figured{x: f.x, y: f.parts[0]}, figured{x: f.x, y: f.parts[1]}
		}
		sum := min(leastOff(figures, over, 1, basis), leastOff(figures, under, -1, basis))
		return sum / degrees, degrees
	}
	values := make([]float64, len(figures))
	for i, f := range figures {
		values[i] = f.y
	}
	return squaresOff(values, basis) / degrees, degrees
}

// leastOff is the least sum of squares that is left of figures where a fixed cost is taken from a part of
// them, which they hold with a sign.
func leastOff(figures, part []figured, sign float64, basis [][]float64) float64 {
	const widest, precise = 16, 0.01
	fixed, rest := make([]float64, len(part)), make([]float64, len(part))
	_, sum := searchShare(widest, precise, func(share float64) float64 {
		fixedCost(fixed, part, share)
		for i, f := range figures {
			rest[i] = f.y - sign*fixed[i]
		}
		return squaresOff(rest, basis)
	})
	return sum
}

// fixedCost is what a fixed cost, of so large a share at the shortest length, adds to figures, as
// logarithms. Its share at others follows from the exponent of the rest over the longest two steps.
func fixedCost(into []float64, figures []figured, share float64) {
	first, low, top := figures[0], figures[len(figures)-3], figures[len(figures)-1]
	exponent, odds := 0.0, share/(1-share)
	at := func(f figured) float64 { return math.Log1p(odds * math.Exp(-exponent*(f.x-first.x))) }
	for range 3 { // each finds it closer
		exponent = (top.y - low.y - at(top) + at(low)) / (top.x - low.x)
	}
	for i, f := range figures {
		into[i] = at(f)
	}
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

// squaresOff is the sum of the squares of what values, which it overwrites, are off the closest sum of
// orthogonal functions.
func squaresOff(values []float64, basis [][]float64) float64 {
	for _, q := range basis {
		floats.AddScaled(values, -floats.Dot(q, values), q)
	}
	return floats.Dot(values, values)
}
