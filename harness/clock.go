package harness

import (
	"sync"
	"time"
)

// Clock tells time. Only differences count.
type Clock interface {
	// Now is the time since some fixed moment; it never runs backwards.
	Now() time.Duration
	// Alarm calls ring once so much time has passed, from any goroutine. After stop it may ring for a moment
	// still. Time during which the process is stopped does not count.
	Alarm(after time.Duration, ring func()) (stop func())
}

// WallClock is the machine's monotonic clock.
type WallClock struct{ start time.Time }

// NewWallClock returns a clock that starts at zero.
func NewWallClock() WallClock { return WallClock{time.Now()} }

// Now is the time since the clock was made.
func (c WallClock) Now() time.Duration { return time.Since(c.start) }

// Alarm waits for several parts of the time, one after the other: a process that is stopped, however long, is
// late for one of them.
func (c WallClock) Alarm(after time.Duration, ring func()) (stop func()) {
	const parts = 8
	a := &alarm{left: parts, part: after / parts, ring: ring}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.timer = time.AfterFunc(a.part, a.tick)
	return a.stop
}

// alarm is one of a WallClock.
type alarm struct {
	part  time.Duration
	ring  func()
	mu    sync.Mutex
	timer *time.Timer
	left  int // parts to wait for; 0: it has rung or was stopped
}

func (a *alarm) tick() {
	a.mu.Lock()
	a.left--
	rings := a.left == 0
	if a.left > 0 {
		a.timer.Reset(a.part)
	}
	a.mu.Unlock()
	if rings {
		a.ring()
	}
}

func (a *alarm) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left = 0
	a.timer.Stop()
}
