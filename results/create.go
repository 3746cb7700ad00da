package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Create makes a new file, which must not exist, and writes its head.
func Create(path string, header Header, run Run) (*Writer, error) {
	return CreateWith(path, header, run, func(*Writer) error { return nil })
}

// CreateWith is Create with more lines in the head, those that more writes. The file appears under its
// name at once with all of its head, which is on the disk then: whenever the program or the machine stops,
// there is no file or one that can be read.
func CreateWith(path string, header Header, run Run, more func(*Writer) error) (*Writer, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("results file: %s: %w", path, fs.ErrExist)
	}
	folder, base := filepath.Split(path)
	hidden := folder + fmt.Sprintf(".%s.%d", base, time.Now().UnixNano())
	f, err := os.OpenFile(hidden, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("results file: %s: %w", path, Cause(err))
	}
	defer os.Remove(hidden)
	w, err := newWriter(f, path, header, run)
	if err == nil {
		w.closer = f
		err = more(w)
	}
	if err == nil {
		err = lock(f)
	}
	if err == nil {
		err = w.Sync()
	}
	if err == nil {
		err = publish(hidden, path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return w, nil
}

// publish gives a file its name, unless that is taken, and makes the name last.
func publish(hidden, path string) error {
	err := os.Link(hidden, path)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("results file: %s: %w", path, fs.ErrExist)
	}
	if err != nil { // a file system without links
		err = os.Rename(hidden, path)
	}
	if err != nil {
		return fmt.Errorf("results file: %s: %w", path, Cause(err))
	}
	if folder, err := os.Open(filepath.Dir(path)); err == nil {
		defer folder.Close()
		folder.Sync() // some systems can't: the file is there all the same
	}
	return nil
}

// Sync returns when all that was written is on the disk.
func (w *Writer) Sync() error {
	if w.broken != nil {
		return w.broken
	}
	f, ok := w.closer.(interface{ Sync() error })
	if !ok {
		return nil
	}
	if err := f.Sync(); err != nil {
		w.broken = fmt.Errorf("%s: %w", w.name, Cause(err))
	}
	return w.broken
}

// Close closes the file of the writer, if it has one.
func (w *Writer) Close() error {
	if w.closer == nil {
		return nil
	}
	return w.closer.Close()
}

// Cause is what the system said of a file, without the call and the path, which is not always the one that
// people know: the message names that.
func Cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
