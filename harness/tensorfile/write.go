package tensorfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/nlpodyssey/safetensors"

	"attnbench/results"
	"attnbench/variants"
)

// Write writes tensors and metadata to path: the same content gives the same bytes. The file appears
// whole or not at all: it is written beside path under another name and renamed, and nothing is left
// behind on failure. An existing regular file is replaced; anything else at path is refused.
func Write(path string, tensors map[string]variants.Tensor, metadata map[string]string) error {
	views := make(map[string]view, len(tensors))
	for name, t := range tensors {
		if err := checkTensor(name, t); err != nil {
			return fmt.Errorf("%s: tensor %q: %w", path, name, err)
		}
		views[name] = view{t}
	}
	if len(views) == 0 {
		return fmt.Errorf("%s: no tensor to write", path)
	}
	err := replace(path, func(f *os.File) error {
		w := bufio.NewWriterSize(f, 1<<16)
		if err := safetensors.SerializeToWriter(views, metadata, w); err != nil {
			return err
		}
		return w.Flush()
	})
	if err != nil {
		return fmt.Errorf("%s: cannot be written: %w", path, results.Cause(err))
	}
	return nil
}

// CheckWritable reports the error that Write would have for path before there is anything to write. It
// leaves nothing behind and does not touch an existing file.
func CheckWritable(path string) error {
	target, err := checkTarget(path)
	if err == nil {
		var f *os.File
		if f, err = createBeside(target); err == nil {
			err = errors.Join(f.Close(), os.Remove(f.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("%s: cannot be written: %w", path, results.Cause(err))
	}
	return nil
}

// replace puts what fill writes at path, whole or not at all.
func replace(path string, fill func(*os.File) error) (err error) {
	target, err := checkTarget(path)
	if err != nil {
		return err
	}
	f, err := createBeside(target)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // already closed where Close or Rename failed
			_ = os.Remove(f.Name())
		}
	}()
	if err := fill(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), target)
}

// checkTarget returns the file that path stands for, links followed. What is there must be a regular
// file that may be written: a rename would otherwise replace a device or a protected file without
// asking.
func checkTarget(path string) (string, error) {
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil {
			return "", errors.New("it is a link to nothing")
		}
		return path, nil
	}
	if err != nil {
		return "", err
	}
	info, err := os.Stat(target)
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return "", errors.New("it is a directory")
	case !info.Mode().IsRegular():
		return "", errors.New("it is not a regular file")
	}
	f, err := os.OpenFile(target, os.O_WRONLY, 0)
	if err != nil {
		return "", err
	}
	return target, f.Close()
}

// createBeside creates a new file in the folder of target, with the permissions that target would get,
// which os.CreateTemp would not give.
func createBeside(target string) (*os.File, error) {
	name := fmt.Sprintf("%s.%016x.tmp", target, rand.Uint64())
	return os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
}

func checkTensor(name string, t variants.Tensor) error {
	if name == "" || name == "__metadata__" || !utf8.ValidString(name) {
		return errors.New("not a valid tensor name")
	}
	for _, d := range t.Dims {
		if d < 0 {
			return fmt.Errorf("dimension %d is below 0", d)
		}
		if err := checkDim(uint64(d), view{t}.DType()); err != nil {
			return err
		}
	}
	if have := len(t.F32) + len(t.BF16) + len(t.I64) + len(t.U8); have != t.Len() {
		return fmt.Errorf("%d elements do not fill shape %s", have, variants.FormatDims(t.Dims))
	}
	return nil
}

// view shows a tensor to the library.
type view struct{ t variants.Tensor }

func (v view) DType() safetensors.DType {
	switch v.t.Type() {
	case variants.BF16:
		return safetensors.BF16
	case variants.I64:
		return safetensors.I64
	case variants.U8:
		return safetensors.U8
	}
	return safetensors.F32
}

// Shape is never nil: the library would write null for it.
func (v view) Shape() []uint64 {
	shape := make([]uint64, len(v.t.Dims))
	for i, d := range v.t.Dims {
		shape[i] = uint64(d)
	}
	return shape
}

func (v view) DataLen() uint64 { return uint64(v.t.Bytes()) }

func (v view) Data() []byte {
	data := make([]byte, 0, v.DataLen())
	for _, x := range v.t.F32 {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
	}
	for _, x := range v.t.BF16 {
		data = binary.LittleEndian.AppendUint16(data, uint16(x))
	}
	for _, x := range v.t.I64 {
		data = binary.LittleEndian.AppendUint64(data, uint64(x))
	}
	return append(data, v.t.U8...)
}
