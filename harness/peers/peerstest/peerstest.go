// Package peerstest is an adapter that does nothing well: what the suite makes of peers is tested with it,
// and it shows what an adapter in Go looks like.
package peerstest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"attnbench/harness/peers"
	"attnbench/harness/tensorfile"
	"attnbench/variants"
)

// PerToken is what a call takes, per token, by the adapter's own word; Peak what it adds.
const (
	PerToken = 100 * time.Nanosecond
	Peak     = 4096
)

// Serve answers the suite until its input ends. The output is v, for which a copy of it is the right one. A
// flaw makes it misbehave:
//
//	wrong, nan, short    the output is twice v, NaN, or lacks the last row
//	gradient             the gradient of v is twice that of the output, which is right
//	lazy                 nothing is written
//	slow                 it takes a thousand times as long
//	skip, fail           the request is refused
//	crash, hang          the third call of its life ends it, or never ends
func Serve(in io.Reader, out io.Writer, flaw string) error {
	a := &adapter{flaw: flaw}
	lines := bufio.NewScanner(in)
	for lines.Scan() && lines.Text() != "quit" {
		answer, err := a.answer(lines.Text())
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

// adapter serves one request.
type adapter struct {
	flaw    string
	request peers.Request
	v, dout variants.Tensor
	calls   int
}

func (a *adapter) answer(line string) (string, error) {
	switch word, rest, _ := strings.Cut(line, " "); {
	case strings.HasPrefix(line, "{"):
		return a.prepare(line)
	case word == "go":
		return a.call(rest)
	case word == "output":
		return "done", a.write()
	}
	return "fail no such question", nil
}

// prepare takes a request.
func (a *adapter) prepare(line string) (string, error) {
	if a.flaw == "skip" || a.flaw == "fail" {
		return a.flaw + " needs luck: bring some", nil
	}
	if err := json.Unmarshal([]byte(line), &a.request); err != nil {
		return "", err
	}
	inputs, err := tensorfile.Read(a.request.Inputs)
	if err != nil {
		return "", err
	}
	a.v, a.dout = inputs.Tensors["v"], inputs.Tensors["dout"]
	return "ready peerstest 1.0", nil
}

// call makes a number of calls.
func (a *adapter) call(count string) (string, error) {
	var n int
	if _, err := fmt.Sscan(count, &n); err != nil {
		return "", err
	}
	if a.calls += n; a.calls > 2 {
		switch a.flaw {
		case "crash":
			return "", io.ErrUnexpectedEOF
		case "hang":
			time.Sleep(time.Hour)
		}
	}
	took := n * a.request.N * int(PerToken)
	if a.flaw == "slow" {
		took *= 1000
	}
	return fmt.Sprintf("%d %d", took, Peak), nil
}

// write writes the output, and gradients where there are some of it.
func (a *adapter) write() error {
	out := a.v
	switch a.flaw {
	case "lazy":
		return nil
	case "wrong":
		out = twice(out)
	case "nan":
		out = twice(out)
		out.F32[0] = float32(math.NaN())
	case "short":
		r := a.request
		out.Dims = []int{r.Batch, r.Heads, r.N - 1, r.E}
		out.F32 = out.F32[:out.Len()]
	}
	tensors := map[string]variants.Tensor{"out": out}
	if a.request.Pass != "forward" {
		tensors["dq"], tensors["dk"], tensors["dv"] = a.zeros(), a.zeros(), a.dout
		if a.flaw == "gradient" {
			tensors["dv"] = twice(a.dout)
		}
	}
	return tensorfile.Write(a.request.Output, tensors, nil)
}

// twice is a tensor of its own with doubled elements.
func twice(t variants.Tensor) variants.Tensor {
	double := variants.Tensor{Dims: t.Dims, F32: make([]float32, len(t.F32))}
	for i, x := range t.F32 {
		double.F32[i] = 2 * x
	}
	return double
}

// zeros is the gradient of queries and of keys.
func (a *adapter) zeros() variants.Tensor {
	r := a.request
	t := variants.Tensor{Dims: []int{r.Batch, r.Heads, r.N, r.D}}
	t.F32 = make([]float32, t.Len())
	return t
}
