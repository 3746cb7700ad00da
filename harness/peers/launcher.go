package peers

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"attnbench/harness/process"
)

//go:embed scripts
var scripts embed.FS

// Placeholders of commands.
const (
	interpreter = "{python}"
	folder      = "{scripts}"
)

// DefaultPython is the interpreter where none is named.
const DefaultPython = "python3"

// Launcher starts peers. Its folder holds the scripts and the files that peers and suite exchange.
type Launcher struct {
	python string
	mu     sync.Mutex
	dir    string // empty: not made yet
	closed bool
}

// NewLauncher returns a launcher that uses a Python interpreter. Nothing is written before the first Start.
func NewLauncher(python string) *Launcher {
	if python == "" {
		python = DefaultPython
	}
	return &Launcher{python: python}
}

// Missing says why a peer cannot be started on this machine; empty: it can, as far as one can tell before.
func (l *Launcher) Missing(p *Peer) string {
	program := strings.ReplaceAll(p.Command[0], interpreter, l.python)
	if _, err := exec.LookPath(program); err == nil {
		return ""
	}
	if p.Python() {
		return fmt.Sprintf("needs a Python interpreter, and there is no %q: name one with --peers-python or "+
			"BENCH_PYTHON", program)
	}
	return fmt.Sprintf("its adapter %s cannot be run: put it there and make it executable", program)
}

// Start starts a peer's adapter.
func (l *Launcher) Start(ctx context.Context, p *Peer, threads int, malloc Malloc) (*Process, error) {
	dir, err := l.Folder()
	if err != nil {
		return nil, err
	}
	places := strings.NewReplacer(interpreter, l.python, folder, filepath.Join(dir, "scripts"))
	command := make([]string, len(p.Command))
	for i, word := range p.Command {
		command[i] = places.Replace(word)
	}
	environment := malloc.environment()
	for _, name := range []string{"OMP", "MKL", "OPENBLAS", "NUMEXPR", "VECLIB"} {
		environment = append(environment, name+"_NUM_THREADS="+strconv.Itoa(threads))
	}
	started, err := process.Start(ctx, process.Command{Words: command, Environment: environment})
	if err != nil {
		return nil, fmt.Errorf("the peer cannot be started: %w", err)
	}
	return &Process{started}, nil
}

// Folder is where files are exchanged, with the scripts unpacked in it. It is made on first use.
func (l *Launcher) Folder() (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return "", os.ErrClosed
	case l.dir != "":
		return l.dir, nil
	}
	dir, err := os.MkdirTemp("", "bench-peers-")
	if err != nil {
		return "", err
	}
	sources, err := fs.Sub(scripts, "scripts")
	if err == nil {
		err = os.CopyFS(filepath.Join(dir, "scripts"), sources)
	}
	if err != nil {
		os.RemoveAll(dir)
		return "", err
	}
	l.dir = dir
	return dir, nil
}

// Close removes the folder. It may be called while a peer is being started, which then fails.
func (l *Launcher) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed = true; l.dir != "" {
		os.RemoveAll(l.dir)
	}
}
