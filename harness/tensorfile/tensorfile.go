// Package tensorfile reads and writes the suite's tensor files: safetensors with float32, int64 and uint8
// tensors and string metadata.
//
// A file comes from anywhere, so nothing in it is believed: sizes, offsets, shapes and names are checked
// against each other and against the file's length before anything is allocated, and every refusal is one
// line that names the tensor. Half-precision tensors (F16, BF16) become float32 when they are read.
package tensorfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/nlpodyssey/safetensors"

	"attnbench/results"
	"attnbench/variants"
)

// MaxHeader is the longest header that is read, in bytes. Room for thousands of tensors.
const MaxHeader = 1 << 20

// File is the content of a tensor file.
type File struct {
	Tensors  map[string]variants.Tensor
	Metadata map[string]string // never nil
}

// Option changes what is accepted.
type Option int

// AllowNonFinite accepts NaN and Inf, which are refused in every float tensor otherwise.
const AllowNonFinite Option = 1

// Read reads the file at path. Its errors begin with path and are one line.
func Read(path string, opts ...Option) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, results.Cause(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, results.Cause(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file: give a .safetensors file", path)
	}
	file, err := decode(f, info.Size(), opts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// Decode reads a file from memory. The result shares nothing with data.
func Decode(data []byte, opts ...Option) (*File, error) {
	return decode(bytes.NewReader(data), int64(len(data)), opts)
}

func decode(r io.Reader, size int64, opts []Option) (*File, error) {
	header, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	entries, metadata, err := parseHeader(header, uint64(size)-8-uint64(len(header)))
	if err != nil {
		return nil, err
	}
	file := &File{Tensors: make(map[string]variants.Tensor, len(entries)), Metadata: metadata}
	for _, e := range entries {
		t, err := e.read(r)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: reading its %d bytes of data: %w", e.name, e.end-e.begin, err)
		}
		if i := slices.IndexFunc(t.F32, nonFinite); i >= 0 && !slices.Contains(opts, AllowNonFinite) {
			return nil, fmt.Errorf("tensor %q holds %v at element %d: every value must be finite",
				e.name, t.F32[i], i)
		}
		file.Tensors[e.name] = t
	}
	return file, nil
}

// readHeader returns the JSON header of a file of size bytes.
func readHeader(r io.Reader, size int64) ([]byte, error) {
	var length [8]byte
	if size < int64(len(length)) {
		return nil, fmt.Errorf("%d bytes are too few for a safetensors file: truncated?", size)
	}
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, fmt.Errorf("reading the header length: %w", err)
	}
	n := binary.LittleEndian.Uint64(length[:])
	switch {
	case n > MaxHeader:
		return nil, fmt.Errorf("header of %d bytes is above the limit of %d: not a safetensors file?",
			n, MaxHeader)
	case n > uint64(size)-8:
		return nil, fmt.Errorf("header of %d bytes does not fit a file of %d bytes: truncated?", n, size)
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, fmt.Errorf("reading the header: %w", err)
	}
	return header, nil
}

// read reads the tensor's data, which must be next in r.
func (e entry) read(r io.Reader) (variants.Tensor, error) {
	t := variants.Tensor{Dims: e.dims}
	var err error
	switch e.dtype {
	case safetensors.F32:
		t.F32, err = readAll(r, e.count, 4, func(b []byte) float32 {
			return math.Float32frombits(binary.LittleEndian.Uint32(b))
		})
	case safetensors.BF16:
		t.F32, err = readAll(r, e.count, 2, func(b []byte) float32 {
			return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
		})
	case safetensors.F16:
		t.F32, err = readAll(r, e.count, 2, func(b []byte) float32 {
			return halfToFloat(binary.LittleEndian.Uint16(b))
		})
	case safetensors.I64:
		t.I64, err = readAll(r, e.count, 8, func(b []byte) int64 {
			return int64(binary.LittleEndian.Uint64(b))
		})
	case safetensors.U8:
		t.U8, err = readAll(r, e.count, 1, func(b []byte) uint8 { return b[0] })
	default:
		panic("tensorfile: parseHeader let dtype " + e.dtype.String() + " pass")
	}
	return t, err
}

// readAll reads count elements of width bytes each, through a buffer so that the file is never held twice.
func readAll[T any](r io.Reader, count, width int, get func([]byte) T) ([]T, error) {
	const step = 1 << 14
	all := make([]T, count)
	buf := make([]byte, min(step, count)*width)
	for rest := all; len(rest) > 0; {
		n := min(step, len(rest))
		if _, err := io.ReadFull(r, buf[:n*width]); err != nil {
			return nil, err
		}
		for i := range n {
			rest[i] = get(buf[i*width : (i+1)*width])
		}
		rest = rest[n:]
	}
	return all, nil
}

// halfToFloat converts an IEEE 754 binary16 value; every one of them is a float32 too.
func halfToFloat(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent, fraction := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0: // zero or subnormal: fraction · 2^-24, exact in float32
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

func nonFinite(x float32) bool { return math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) }
