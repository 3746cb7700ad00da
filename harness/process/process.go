// Package process runs programs that answer lines with lines: adapters of external implementations, and the
// suite's own cells in a process of their own.
package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Limits of a conversation: what an answer may be long, and a process may take to exit once it was told to.
const (
	MaxAnswer = 64 << 10        // bytes of a line
	Farewell  = 2 * time.Second // for a process to exit once it was told to
	maxReason = 300             // characters of a reason that results carry
)

// ErrEndless is the error of an answer that is longer than MaxAnswer.
var ErrEndless = fmt.Errorf("the answer is longer than %d bytes", MaxAnswer)

// Silence is the error of a process that did not answer in time. It has been killed.
type Silence struct{ Limit time.Duration }

func (s Silence) Error() string { return fmt.Sprintf("no answer within %v", s.Limit) }

// Death is the error of a process that ended before it answered.
type Death struct {
	Status error  // nil: exit status 0
	Said   string // the end of what it wrote to standard error
	Began  string // the beginning of that
}

func (d *Death) Error() string {
	text := "it died (" + d.Exit() + ")"
	if last := d.Last(); last != "" {
		text += ": " + last
	}
	return text
}

// Exit is how it ended, "exit status 1".
func (d *Death) Exit() string {
	if d.Status == nil {
		return "exit status 0"
	}
	return d.Status.Error()
}

// Last is the last line of standard error.
func (d *Death) Last() string { return lastLine(d.Said) }

// Process is a started program. Its methods must not be called concurrently.
type Process struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	stdin  io.WriteCloser
	lines  chan string   // answers; closed when there will be none any more
	ended  chan struct{} // closed when it ended and status is there
	status error
	errors tail

	endless bool // its answer had no end; to be read after lines is closed
}

// Command is what to start. Files are open in it from descriptor 3 on (not on Windows).
type Command struct {
	Words       []string
	Environment []string // beside this process's own
	Files       []*os.File
}

// Start runs a command. The end of the context kills it, and whatever it started.
func Start(ctx context.Context, c Command) (*Process, error) {
	ctx, cancel := context.WithCancel(ctx)
	p := &Process{
		cmd: exec.CommandContext(ctx, c.Words[0], c.Words[1:]...), cancel: cancel,
		lines: make(chan string), ended: make(chan struct{}),
	}
	out, in, err := os.Pipe() // read here, not by exec: an answer passes through one goroutine less
	if err != nil {
		cancel()
		return nil, err
	}
	defer in.Close()
	p.cmd.Stdout, p.cmd.Stderr = in, &p.errors
	p.cmd.Env = append(os.Environ(), c.Environment...)
	p.cmd.ExtraFiles = c.Files
	p.cmd.WaitDelay = Farewell // a grandchild may hold the pipes
	ownGroup(p.cmd)
	if p.stdin, err = p.cmd.StdinPipe(); err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		cancel()
		out.Close()
		return nil, err
	}
	go func() {
		p.status = p.cmd.Wait()
		close(p.ended)
		time.AfterFunc(Farewell, func() { out.Close() }) // a grandchild may hold it
	}()
	go p.listen(ctx, out)
	return p, nil
}

// listen hands on the lines that the process writes.
func (p *Process) listen(ctx context.Context, out *os.File) {
	defer close(p.lines)
	defer out.Close()
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, MaxAnswer)
	for scanner.Scan() {
		select {
		case p.lines <- scanner.Text():
		case <-ctx.Done():
			return
		}
	}
	if errors.Is(scanner.Err(), bufio.ErrTooLong) {
		p.endless = true
		p.cancel()
	}
}

// Ask writes a line and waits for the answer. A process that fails to answer is dead or killed; the error is
// a Silence, a *Death or ErrEndless.
func (p *Process) Ask(line string, limit time.Duration) (string, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
		return "", p.death()
	}
	select {
	case answer, alive := <-p.lines:
		if !alive {
			return "", p.death()
		}
		return strings.TrimSpace(answer), nil
	case <-timer.C:
		p.cancel()
		return "", Silence{limit}
	}
}

// death says how the process ended.
func (p *Process) death() error {
	select {
	case <-p.ended:
	case <-time.After(Farewell): // it closed its output and lives on
		p.cancel()
		<-p.ended
	}
	select {
	case _, open := <-p.lines:
		if !open && p.endless {
			return ErrEndless
		}
	case <-time.After(2 * Farewell): // what it started holds its output, and nobody can give up reading here
	}
	began, said := p.errors.read()
	return &Death{Status: p.status, Said: said, Began: began}
}

// Close ends the process. One that stays is killed.
func (p *Process) Close() {
	_, _ = io.WriteString(p.stdin, "quit\n") // it may be dead already
	p.stdin.Close()
	timer := time.NewTimer(Farewell)
	defer timer.Stop()
	lines := p.lines
	for {
		select {
		case <-p.ended:
			p.cancel()
			return
		case _, open := <-lines: // nobody waits for it any more
			if !open {
				lines = nil // which would be ready again and again
			}
		case <-timer.C:
			p.cancel()
			<-p.ended
			return
		}
	}
}

// Clip shortens a text to one line that results can carry.
func Clip(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > maxReason {
		return string(r[:maxReason-1]) + "…"
	}
	return text
}
