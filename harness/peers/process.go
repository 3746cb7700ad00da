package peers

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Limits of the protocol.
const (
	maxAnswer = 64 << 10        // bytes of a line
	farewell  = 2 * time.Second // for a peer to exit once it was told to
	maxReason = 300             // characters of a reason that results carry
)

// Process is a started adapter. It serves one request. Its methods must not be called concurrently.
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

// start runs a command. The end of the context kills it, and whatever it started.
func start(ctx context.Context, command, environment []string) (*Process, error) {
	ctx, cancel := context.WithCancel(ctx)
	p := &Process{
		cmd: exec.CommandContext(ctx, command[0], command[1:]...), cancel: cancel,
		lines: make(chan string), ended: make(chan struct{}),
	}
	out, in := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = in, &p.errors
	p.cmd.Env = append(os.Environ(), environment...)
	p.cmd.WaitDelay = farewell // a grandchild may hold the pipes
	ownGroup(p.cmd)
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	go func() {
		p.status = p.cmd.Wait()
		close(p.ended)
		in.Close()
	}()
	go p.listen(ctx, out)
	return p, nil
}

// listen hands on the lines that the process writes.
func (p *Process) listen(ctx context.Context, out *io.PipeReader) {
	defer close(p.lines)
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, maxAnswer)
	for scanner.Scan() {
		select {
		case p.lines <- scanner.Text():
		case <-ctx.Done():
			out.Close()
			return
		}
	}
	if err := scanner.Err(); err != nil {
		p.endless = true
		out.CloseWithError(err) // so that the process cannot wait for a reader for ever
		p.cancel()
	}
}

// Prepare sends the request and returns what computes, with versions.
func (p *Process) Prepare(r Request, limit time.Duration) (versions string, err error) {
	text, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	answer, err := p.ask("the request", string(text), limit)
	if err != nil {
		return "", err
	}
	versions, ready := strings.CutPrefix(answer, "ready")
	if !ready {
		return "", unexpected("the request", answer, "ready VERSIONS")
	}
	return clip(strings.TrimSpace(versions)), nil
}

// Go has the peer make a number of calls.
func (p *Process) Go(calls int, limit time.Duration) (Answer, error) {
	question := fmt.Sprintf("go %d", calls)
	answer, err := p.ask(question, question, limit)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Peak: -1}
	fields := strings.Fields(answer)
	if len(fields) == 2 {
		a.Nanoseconds, err = strconv.ParseInt(fields[0], 10, 64)
		if err == nil && fields[1] != "-" {
			a.Peak, err = strconv.ParseInt(fields[1], 10, 64)
		}
	}
	if len(fields) != 2 || err != nil || a.Nanoseconds <= 0 || a.Peak < -1 {
		return Answer{}, unexpected(question, answer, "NANOSECONDS BYTES")
	}
	return a, nil
}

// Output has the peer write the output of its last call.
func (p *Process) Output(limit time.Duration) error {
	answer, err := p.ask("output", "output", limit)
	if err == nil && answer != "done" {
		err = unexpected("output", answer, "done")
	}
	return err
}

func unexpected(question, answer, wanted string) error {
	return fmt.Errorf("the peer answered %q to %s, not %s", clip(answer), question, wanted)
}

// ask writes a line and waits for the answer.
func (p *Process) ask(question, line string, limit time.Duration) (string, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
		return "", p.death(question)
	}
	select {
	case answer, alive := <-p.lines:
		if !alive {
			return "", p.death(question)
		}
		return p.judge(answer)
	case <-timer.C:
		p.cancel()
		return "", fmt.Errorf("the peer did not answer %s within %v", question, limit)
	}
}

// judge tells refusals from answers.
func (p *Process) judge(answer string) (string, error) {
	answer = strings.TrimSpace(answer)
	if reason, skips := strings.CutPrefix(answer, "skip "); skips {
		return "", Skip(clip(reason))
	}
	if reason, fails := strings.CutPrefix(answer, "fail "); fails {
		return "", errors.New("the peer failed: " + clip(reason))
	}
	return answer, nil
}

// death says how the process ended.
func (p *Process) death(question string) error {
	select {
	case <-p.ended:
	case <-time.After(farewell): // it closed its output and lives on
		p.cancel()
		<-p.ended
	}
	if _, open := <-p.lines; !open && p.endless {
		return fmt.Errorf("the peer's answer to %s is longer than %d bytes", question, maxAnswer)
	}
	status := "exit status 0"
	if p.status != nil {
		status = p.status.Error()
	}
	last := p.errors.last()
	if last != "" {
		last = ": " + last
	}
	return fmt.Errorf("the peer died before it answered %s (%s)%s", question, status, last)
}

// Close ends the process. One that stays is killed.
func (p *Process) Close() {
	_, _ = io.WriteString(p.stdin, "quit\n") // it may be dead already
	p.stdin.Close()
	timer := time.NewTimer(farewell)
	defer timer.Stop()
	for {
		select {
		case <-p.ended:
			p.cancel()
			return
		case <-p.lines: // nobody waits for it any more
		case <-timer.C:
			p.cancel()
			<-p.ended
			return
		}
	}
}

// clip shortens a text to one line that results can carry.
func clip(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > maxReason {
		return string(r[:maxReason-1]) + "…"
	}
	return text
}
