//go:build unix

package results

import (
	"errors"
	"os"
	"syscall"
)

// lock keeps other programs of the suite from appending to the file while this one does. The lock ends with
// the file, or the process, whatever ends it. Where the file system has no locks there is none.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errors.New("another run is writing it: wait until that ends, or name another file")
	}
	return nil
}
