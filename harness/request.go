package harness

import (
	"attnbench/variants"
	"attnbench/variants/work"
)

// newRequest is what a block asks of a mechanism.
func newRequest(b *Block, options []variants.Setting, pool *work.Pool) variants.Request {
	return variants.Request{
		Shape: b.Shape, Options: options, Inputs: b.source.side(), Draw: true, DrawGates: true, Seed: b.seed,
		Type: b.Type, Backward: b.backward(), Decode: b.decode(), Kernels: b.Kernels, Pool: pool,
	}
}
