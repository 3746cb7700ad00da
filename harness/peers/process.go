package peers

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"attnbench/harness/process"
)

// Process is a started adapter. It serves one request. Its methods must not be called concurrently.
type Process struct{ *process.Process }

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
	return process.Clip(strings.TrimSpace(versions)), nil
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
	return fmt.Errorf("the peer answered %q to %s, not %s", process.Clip(answer), question, wanted)
}

// ask writes a line and waits for the answer. Refusals are errors.
func (p *Process) ask(question, line string, limit time.Duration) (string, error) {
	answer, err := p.Ask(line, limit)
	if err != nil {
		return "", explain(question, err)
	}
	if reason, skips := strings.CutPrefix(answer, "skip "); skips {
		return "", Skip(process.Clip(reason))
	}
	if reason, fails := strings.CutPrefix(answer, "fail "); fails {
		return "", errors.New("the peer failed: " + process.Clip(reason))
	}
	return answer, nil
}

// explain says in the words of peers why there is no answer.
func explain(question string, err error) error {
	var silence process.Silence
	var death *process.Death
	switch {
	case errors.As(err, &silence):
		return fmt.Errorf("the peer did not answer %s within %v", question, silence.Limit)
	case errors.As(err, &death):
		last := death.Last()
		if last != "" {
			last = ": " + last
		}
		return fmt.Errorf("the peer died before it answered %s (%s)%s", question, death.Exit(), last)
	}
	return fmt.Errorf("the peer's answer to %s is longer than %d bytes", question, process.MaxAnswer)
}
