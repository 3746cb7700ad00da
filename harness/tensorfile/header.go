package tensorfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/nlpodyssey/safetensors"
)

// entry is one tensor as the header describes it.
type entry struct {
	name       string
	dtype      safetensors.DType
	dims       []int
	count      int    // elements
	begin, end uint64 // bytes, from the end of the header
}

// parseHeader returns the tensors in the order of their data and the metadata. What it returns is
// consistent: the tensors fill dataBytes without a gap, and each has as many bytes as its shape says.
func parseHeader(header []byte, dataBytes uint64) ([]entry, map[string]string, error) {
	if err := checkKeys(header, "the header", 2); err != nil {
		return nil, nil, err
	}
	// The library's own validation names no tensor, so only its parser is used.
	var md safetensors.Metadata
	if err := json.Unmarshal(header, &md); err != nil {
		return nil, nil, fmt.Errorf("header: %s", shorten(err.Error()))
	}
	var entries []entry
	for name, info := range md.Tensors() {
		e, err := newEntry(name, info)
		if err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", shorten(name), err)
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), cmp.Compare(a.name, b.name))
	})
	metadata := md.Metadata()
	if metadata == nil {
		metadata = map[string]string{}
	}
	return entries, metadata, checkLayout(entries, dataBytes)
}

// checkKeys refuses an object that holds a key twice: of two tensors of one name a JSON parser silently
// takes the last. Objects inside it are checked down to depth levels, which is as deep as a valid header
// goes.
func checkKeys(object []byte, where string, depth int) error {
	dec := json.NewDecoder(bytes.NewReader(object))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("%s is not a JSON object: not a safetensors file?", where)
	}
	seen := map[string]bool{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fmt.Errorf("%s is not JSON: %s", where, shorten(err.Error()))
		}
		name, _ := key.(string)
		if seen[name] {
			return fmt.Errorf("%s holds %q twice: names must be unique", where, shorten(name))
		}
		seen[name] = true
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return fmt.Errorf("%s is not JSON: %s", where, shorten(err.Error()))
		}
		if depth > 1 && value[0] == '{' {
			if err := checkKeys(value, fmt.Sprintf("%q", shorten(name)), depth-1); err != nil {
				return err
			}
		}
	}
	return nil
}

func newEntry(name string, info *safetensors.TensorInfo) (entry, error) {
	e := entry{name: name, dtype: info.DType, begin: info.DataOffsets[0], end: info.DataOffsets[1]}
	if name == "" {
		return entry{}, errors.New("its name is empty")
	}
	switch info.DType {
	case safetensors.F32, safetensors.F16, safetensors.BF16, safetensors.I64, safetensors.U8:
	default:
		return entry{}, fmt.Errorf("dtype %s is not supported: use F32, F16, BF16, I64 or U8", info.DType)
	}
	count := uint64(1)
	for _, d := range info.Shape {
		if err := checkDim(d, info.DType); err != nil {
			return entry{}, err
		}
		high, low := bits.Mul64(count, d)
		if high != 0 {
			return entry{}, errors.New("its shape has more than 2^64 elements")
		}
		count = low
		e.dims = append(e.dims, int(d))
	}
	high, size := bits.Mul64(count, info.DType.Size())
	if high != 0 || size > math.MaxInt {
		return entry{}, fmt.Errorf("its %d elements are more than memory can address", count)
	}
	if e.begin > e.end || e.end-e.begin != size {
		return entry{}, fmt.Errorf("data_offsets [%d, %d] do not span the %d bytes of its shape",
			e.begin, e.end, size)
	}
	e.count = int(count)
	return e, nil
}

// checkDim refuses what no tensor of the suite can have. Only lists of indices may be empty: no global
// token, no random block.
func checkDim(d uint64, dtype safetensors.DType) error {
	switch {
	case d > math.MaxInt32:
		return fmt.Errorf("dimension %d is above the limit of %d", d, math.MaxInt32)
	case d < 1 && dtype != safetensors.I64:
		return fmt.Errorf("dimension %d is below 1", d)
	}
	return nil
}

// checkLayout refuses entries, sorted by offset, that do not fill dataBytes exactly and in turn.
func checkLayout(entries []entry, dataBytes uint64) error {
	if len(entries) == 0 {
		return errors.New("it holds no tensor")
	}
	previous := entry{name: "the header"}
	for _, e := range entries {
		switch {
		case e.begin < previous.end:
			return fmt.Errorf("tensor %q begins at byte %d, inside tensor %q, which ends at %d: they overlap",
				e.name, e.begin, previous.name, previous.end)
		case e.begin > previous.end:
			return fmt.Errorf("tensor %q begins at byte %d: bytes %d to %d belong to no tensor",
				e.name, e.begin, previous.end, e.begin)
		case e.end > dataBytes:
			return fmt.Errorf("tensor %q ends at byte %d, past the %d bytes of data: truncated?",
				e.name, e.end, dataBytes)
		}
		previous = e
	}
	if previous.end != dataBytes {
		return fmt.Errorf("%d bytes after tensor %q belong to no tensor",
			dataBytes-previous.end, previous.name)
	}
	return nil
}

// shorten keeps a text that comes from the file from filling the screen.
func shorten(s string) string {
	const limit = 160
	if len(s) <= limit {
		return s
	}
	return s[:limit] + "..."
}
