package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"attnbench/harness"
	"attnbench/results"
)

// session is a run together with the file that it is written to.
type session struct {
	path    string
	plan    *harness.Plan
	talk    io.Writer
	header  results.Header // of the file
	journal harness.Journal
	over    bool // the run in the file has ended
}

// create begins a new file, of the name usual where the user gave none: it has the whole plan before anything
// is measured.
func (s *session) create(header results.Header, run results.Run, usual string) error {
	if s.path == "" {
		s.path = filepath.Join(localResults, usual)
		if err := os.MkdirAll(localResults, 0o755); err != nil {
			return fmt.Errorf("%s: %w: name a file with -o", localResults, err)
		}
	}
	s.header, s.journal.Run = header, &run
	w, err := results.CreateWith(s.path, header, run, func(w *results.Writer) error {
		return harness.Journal{Writer: w}.Head(s.plan)
	})
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists: name another file with -o, or go on with it by --resume", s.path)
	}
	s.journal.Writer = w
	return err
}

// reopen goes on with the file of an interrupted run. A program or a machine that computes or times
// otherwise is refused: its samples would not be comparable with those that are there.
func (s *session) reopen(path string, header results.Header, now time.Time) error {
	w, set, err := results.Append(path)
	if err != nil {
		return err
	}
	r := set.Runs[0]
	s.path, s.header, s.journal = path, r.Header, harness.Journal{Writer: w, Run: &r.Run}
	s.over = r.Run.End != ""
	if err = sameProgram(path, r.Header, header); err == nil {
		err = s.plan.Resume(r)
	}
	if err != nil || s.over {
		return errors.Join(err, w.Close())
	}
	r.Run.Resumed = append(r.Run.Resumed, now.UTC().Format(time.RFC3339))
	return errors.Join(w.Run(r.Run), w.Sync())
}

// sameProgram refuses to go on where one of the facts that samples depend on is another.
func sameProgram(path string, begun, now results.Header) error {
	facts := []string{results.KeyMachine, "simd", results.KeyCommit, "go", "goflags", results.KeySeed}
	for _, key := range facts {
		if a, b := begun.Get(key), now.Get(key); a != b {
			return fmt.Errorf("%s was begun with %s %s, and this is %s: go on with that one, "+
				"or repeat it here by --from", path, key, a, b)
		}
	}
	return nil
}

// run measures the machine's peaks, then the plan; ready is called between the two.
func (s *session) run(ctx context.Context, ready func()) (harness.Totals, error) {
	if s.over {
		fmt.Fprintf(s.talk, "%s: the run ended at %s, nothing is left to do\n", s.path, s.journal.Run.End)
		s.plan.Close()
		return s.plan.Earlier(), nil
	}
	var rates results.Header
	err := attend(ctx, func() error {
		s.plan.Predict()
		if !hasRates(s.header) {
			rates = rateFields(s.plan.Roofs())
		}
		return nil
	})
	var totals harness.Totals
	if err == nil {
		err = s.journal.Writer.Facts(rates, *s.journal.Run)
	}
	if err == nil {
		ready()
		totals, err = s.measure(ctx)
	}
	if err == nil {
		s.journal.Run.End = time.Now().UTC().Format(time.RFC3339)
		err = s.journal.Block(s.plan.Spent())
	}
	if err != nil {
		s.plan.Abandon()
	} else {
		s.plan.Close()
	}
	return totals, errors.Join(err, s.journal.Writer.Close())
}

// measure runs the plan.
func (s *session) measure(ctx context.Context) (harness.Totals, error) {
	p := newProgress(s.talk, s.plan)
	record := &recorder{journal: s.journal, progress: p}
	var totals harness.Totals
	err := attend(ctx, func() (err error) {
		totals, err = s.plan.Run(ctx, record)
		return err
	})
	defer p.finish()
	switch {
	case ctx.Err() != nil:
		return harness.Totals{}, errors.Join(record.close(s.plan.Spent()), ctx.Err())
	case errors.As(err, new(harness.Endless)):
		return totals, errors.Join(err, record.close(s.plan.Spent()))
	}
	return totals, err
}

// attend does some work. When the context ends, a call may be under way that takes seconds: it is left
// behind after a moment, with the context's error.
func attend(ctx context.Context, work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	const grace = 500 * time.Millisecond
	select {
	case <-done:
	case <-time.After(grace):
	}
	return ctx.Err()
}

// rate names of what bounds every mechanism on a machine.
const (
	rateFMA    = "fma-peak"
	rateBF16   = "bf16-peak"
	rateStream = "stream"
)

func rateFields(roofs []harness.Roof) results.Header {
	var fields results.Header
	for _, r := range roofs {
		for _, rate := range []struct {
			name  string
			value float64
		}{{rateFMA, r.FLOPs}, {rateBF16, r.BF16}, {rateStream, r.Bytes}} {
			if rate.value > 0 {
				key := fmt.Sprintf("%s-%s-t%d", rate.name, r.SIMD, r.Threads)
				fields = append(fields, results.Field{Key: key, Value: fmt.Sprintf("%.0f", rate.value)})
			}
		}
	}
	return fields
}

// hasRates reports whether a header has them: a run is bounded by what was measured when it began.
func hasRates(h results.Header) bool {
	for _, f := range h {
		if strings.HasPrefix(f.Key, rateFMA+"-") {
			return true
		}
	}
	return false
}

// recorder hands a run's findings to the results file and to the progress display, until it is closed.
type recorder struct {
	mu       sync.Mutex
	closed   bool
	journal  harness.Journal
	progress *progress
}

// Sample records a sample.
func (r *recorder) Sample(s harness.Sample) error {
	return r.write(func() error { return r.journal.Sample(s) })
}

// Cell records and shows what became of a cell.
func (r *recorder) Cell(o harness.Outcome) error {
	return r.write(func() error {
		r.progress.cell(o)
		return r.journal.Cell(o)
	})
}

// Block keeps what was recorded.
func (r *recorder) Block(spent time.Duration) error {
	return r.write(func() error { return r.journal.Block(spent) })
}

func (r *recorder) write(line func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return context.Canceled
	}
	return line()
}

// close keeps what was recorded and refuses everything from now on: a call that was left behind may still
// come back.
func (r *recorder) close(spent time.Duration) error {
	return r.write(func() error {
		r.closed = true
		return r.journal.Block(spent)
	})
}
