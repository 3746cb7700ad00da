package harness

import "time"

// Clock tells time. Only differences count.
type Clock interface {
	// Now is the time since some fixed moment; it never runs backwards.
	Now() time.Duration
}

// WallClock is the machine's monotonic clock.
type WallClock struct{ start time.Time }

// NewWallClock returns a clock that starts at zero.
func NewWallClock() WallClock { return WallClock{time.Now()} }

// Now is the time since the clock was made.
func (c WallClock) Now() time.Duration { return time.Since(c.start) }
