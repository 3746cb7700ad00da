package full

import (
	"testing"

	"attnbench/variants/variantstest"
)

func TestConformance(t *testing.T) { variantstest.Run(t, Mechanism(), variantstest.Exact()) }

func TestGradient(t *testing.T) {
	variantstest.CheckGradient(t, Mechanism(), variantstest.ExactGradients())
}
