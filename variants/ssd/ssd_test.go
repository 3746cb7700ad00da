package ssd

import (
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants/variantstest"
)

func TestConformance(t *testing.T) { variantstest.Run(t, Mechanism(), variantstest.Chunked()) }

func TestGradient(t *testing.T) {
	variantstest.CheckRandomGradients(t, Mechanism(), func(*rapid.T, *variantstest.Case) {})
}

func TestBackwardMemory(t *testing.T) { variantstest.CheckLinearMemory(t, Mechanism(), "") }
