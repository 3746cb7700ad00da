//go:build unix

package share

import (
	"os"
	"syscall"
)

// Supported reports whether children can inherit files and map them.
const Supported = true

func mapped(f *os.File, size int) (data []byte, release func(), err error) {
	data, err = syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE)
	if err != nil {
		return nil, nil, err
	}
	return data, func() { _ = syscall.Munmap(data) }, nil // it was mapped above
}

// unlinked is a temporary file without a name.
func unlinked() (*os.File, error) {
	f, err := os.CreateTemp("", "bench-shared-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
