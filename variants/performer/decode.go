package performer

import (
	"attnbench/variants"
	"attnbench/variants/prefix"
)

// decoder is a Performer that takes one token at a time.
type decoder struct {
	*prefix.Decoder
	mappers []*mapper
}

func newDecoder(p *variants.Problem, ws *variants.Workspace) variants.Decoder {
	mappers, maps := newMappers(p, ws)
	o := newDirections(p, ws)
	for _, m := range mappers {
		if m.directions = o; m.kind == "trig" {
			m.sines = variants.Alloc[float32](ws, o.ld)
		}
	}
	return &decoder{prefix.NewDecoder(p, ws, mappers[0].config(), maps), mappers}
}

// Prepare fills constant tables.
func (d *decoder) Prepare() {
	d.Decoder.Prepare()
	d.mappers[0].directions.prepare(d.mappers[0].scale)
	for _, m := range d.mappers {
		m.prepare()
	}
}

// Decode is variants.Decoder's.
func (d *decoder) Decode(position int, out, q, k, v variants.Floats) {
	for _, m := range d.mappers {
		m.executed = 0
	}
	d.Decoder.Decode(position, out, q, k, v)
}

// Executed is the number of floating-point operations of the last Decode.
func (d *decoder) Executed() int64 {
	sum := d.Decoder.Executed()
	for _, m := range d.mappers {
		sum += m.executed
	}
	return sum
}

// decodeCost is that of one token of the recurrence.
func decodeCost(p *variants.Problem) variants.Cost {
	c, n := cost(p), float64(p.Shape.N)
	return variants.Cost{FLOPs: c.FLOPs / n, Exps: c.Exps / n}
}
