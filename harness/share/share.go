// Package share hands arrays to child processes by mapping one piece of memory into all of them.
package share

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"unsafe"
)

// File is memory that children inherit as an open file.
type File struct{ *os.File }

// New returns a file that holds the bytes of the arrays, one after the other, and goes with its last user.
func New(arrays ...[]float32) (File, error) {
	f, err := create()
	if err != nil {
		return File{}, fmt.Errorf("memory to share with child processes: %w", err)
	}
	for _, x := range arrays {
		if _, err := f.Write(bytesOf(x)); err != nil {
			f.Close()
			return File{}, fmt.Errorf("memory to share with child processes: %w", err)
		}
	}
	return File{f}, nil
}

// Close closes the file, where there is one.
func (f File) Close() {
	if f.File != nil {
		f.File.Close()
	}
}

// Floats maps count numbers of the file. Writing to them changes this process's copy alone. release ends
// the mapping: nobody may hold the numbers any more.
func (f File) Floats(count int) (x []float32, release func(), err error) {
	info, err := f.Stat()
	if err == nil && info.Size() < 4*int64(count) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil || count == 0 {
		return nil, func() {}, err
	}
	data, release, err := mapped(f.File, 4*count)
	if err != nil {
		return nil, nil, fmt.Errorf("shared memory: %w", err)
	}
	x = unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(data))), count)
	const page = 1024 // numbers
	var sum float32
	for i := 0; i < count; i += page {
		sum += x[i] // memory counts once it is there
	}
	runtime.KeepAlive(sum) // else the compiler leaves the reads out
	return x, release, nil
}

// Put replaces the file's content by an array.
func (f File) Put(x []float32) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(bytesOf(x), 0)
	return err
}

// Get reads count numbers.
func (f File) Get(count int) ([]float32, error) {
	x := make([]float32, count)
	if count == 0 {
		return x, nil
	}
	_, err := f.ReadAt(bytesOf(x), 0)
	return x, err
}

// bytesOf is the array's own memory.
func bytesOf(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}
