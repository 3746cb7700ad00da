package tile

import "math"

// window returns the columns [c0, c1) of queries that see any key of the tile, c0 rounded down to a vector,
// and whether some pairs inside are out of the band. Spans narrow it.
func (w *Walk) window(keys Keys) (c0, c1 int, partial bool) {
	c0, c1, partial = w.inBand(keys)
	if keys.Spans != nil {
		from, to := hull(keys.Spans)
		c0, c1 = max(c0, from/w.config.Kernels.Lanes*w.config.Kernels.Lanes), min(c1, to)
	}
	return c0, c1, partial
}

// hull is the smallest range that holds all spans, empty where they are.
func hull(spans []Span) (from, to int) {
	from = math.MaxInt
	for _, s := range spans {
		if s.From < s.To {
			from, to = min(from, int(s.From)), max(to, int(s.To))
		}
	}
	return from, to
}

// inBand is the window of the band alone.
func (w *Walk) inBand(keys Keys) (c0, c1 int, partial bool) {
	n := w.rows.Count
	if !keys.Band {
		return 0, n, false
	}
	low, high := keys.extremes()
	nearest, farthest := low-w.highest, high-w.lowest // the least and the greatest key row - query row
	switch {
	case nearest >= keys.Lo && farthest <= keys.Hi:
		return 0, n, false
	case farthest < keys.Lo || nearest > keys.Hi:
		return 0, 0, false
	case keys.Index != nil || w.rows.Index != nil:
		return 0, n, true
	}
	last := keys.Count - 1
	first0, first1 := w.visible(keys.At(0), keys)
	last0, last1 := w.visible(keys.At(last), keys)
	c0, c1 = max(0, min(first0, last0)), min(n, max(first1, last1))
	partial = max(first0, last0) > 0 || min(first1, last1) < n
	return c0 / w.config.Kernels.Lanes * w.config.Kernels.Lanes, c1, partial
}

// visible returns the columns [c0, c1) of evenly spaced queries whose band holds the key, not clipped to the
// tile.
func (w *Walk) visible(key int, keys Keys) (c0, c1 int) {
	c0, c1 = 0, w.rows.Count
	if keys.Hi != Unlimited {
		c0 = ceilDiv(key-keys.Hi-w.rows.Start, w.rows.Stride)
	}
	if keys.Lo != -Unlimited {
		c1 = floorDiv(key-keys.Lo-w.rows.Start, w.rows.Stride) + 1
	}
	return c0, c1
}

func floorDiv(a, b int) int { // b > 0
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func ceilDiv(a, b int) int { return -floorDiv(-a, b) }

// masked reports whether no key of the tile can be seen.
func (k Keys) masked() bool {
	if k.Bias == nil {
		return false
	}
	for i := range k.Count {
		if !math.IsInf(float64(k.Bias[k.At(i)]), -1) {
			return false
		}
	}
	return true
}

// edited reports whether the products with the tile's keys are not its logits yet.
func (k Keys) edited(partial bool) bool {
	return partial || k.Spans != nil || k.Bias != nil || k.Add != 0 || k.Pairs != nil
}

// edit applies band, spans, biases and single pairs to the scores of the queries [c0, c0+cols).
func (w *Walk) edit(keys Keys, s []float32, lds, c0, cols, offset int, partial bool) {
	if partial {
		w.maskBand(keys, s, lds, c0, cols)
	}
	for i, span := range keys.Spans {
		maskSpan(s[i*lds:][:cols], int(span.From)-c0, int(span.To)-c0)
	}
	if keys.Bias != nil || keys.Add != 0 {
		for i := range keys.Count {
			bias := keys.Add
			if keys.Bias != nil {
				bias += keys.Bias[keys.At(i)]
			}
			addTo(s[i*lds:][:cols], bias)
		}
	}
	for w.pairs < len(keys.Pairs) && int(keys.Pairs[w.pairs].Key) < offset { // of tiles that were skipped
		w.pairs++
	}
	end := int32(offset + keys.Count)
	for ; w.pairs < len(keys.Pairs) && keys.Pairs[w.pairs].Key < end; w.pairs++ {
		pair := keys.Pairs[w.pairs]
		logit := &s[(int(pair.Key)-offset)*lds+int(pair.Query)-c0]
		if pair.Replace {
			*logit = 0
		}
		*logit += pair.Add * log2e
	}
}

// addTo adds a bias to one key's scores.
func addTo(row []float32, bias float32) {
	if bias == 0 {
		return
	}
	if bias == negInf {
		hide(row)
		return
	}
	for i := range row {
		row[i] += bias * log2e
	}
}

// maskBand masks the pairs that lie outside the band.
func (w *Walk) maskBand(keys Keys, s []float32, lds, c0, cols int) {
	if w.rows.Index != nil || keys.Index != nil {
		for i := range keys.Count {
			w.maskListed(keys, keys.At(i), s[i*lds:][:min(cols, w.rows.Count-c0)], c0)
		}
		return
	}
	from, to := w.visible(keys.At(0), keys)
	for i := range keys.Count {
		if keys.Stride != w.rows.Stride {
			from, to = w.visible(keys.At(i), keys)
		}
		maskSpan(s[i*lds:][:cols], from-c0, to-c0)
		if keys.Hi != Unlimited { // with equal strides each key is seen from one query further on
			from++
		}
		if keys.Lo != -Unlimited {
			to++
		}
	}
}

// maskListed masks the pairs of one key with listed queries, or of a listed key.
func (w *Walk) maskListed(keys Keys, key int, row []float32, c0 int) {
	for c := range row {
		if distance := key - w.rows.At(c0+c); distance < keys.Lo || distance > keys.Hi {
			row[c] = negInf
		}
	}
}

// maskSpan masks the columns of a row outside [v0, v1).
func maskSpan(row []float32, v0, v1 int) {
	v0, v1 = min(max(v0, 0), len(row)), min(max(v1, 0), len(row))
	hide(row[:v0])
	if v1 > v0 {
		hide(row[v1:])
	} else {
		hide(row[v0:])
	}
}

// hidden is a row of masked scores.
var hidden = func() (row [256]float32) {
	for i := range row {
		row[i] = negInf
	}
	return row
}()

// hide masks a row of scores.
func hide(row []float32) {
	for len(row) > 0 {
		row = row[copy(row, hidden[:]):]
	}
}
