package work

import (
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// Panic is a panic that was recovered from, with the place where it began.
type Panic struct {
	Value any
	Place string // "file.go:12"; empty where it is unknown
}

// Recovered makes a Panic of what recover returned, which must not be nil. It must be called by the deferred
// function itself: the stack of the panic is still there then. A *Panic is returned as it is.
func Recovered(value any) *Panic {
	if p, ok := value.(*Panic); ok {
		return p
	}
	return &Panic{value, place()}
}

// Contain calls a function. A panic or a memory fault in it comes back as a *Panic.
func Contain(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if value := recover(); value != nil {
			err = Recovered(value)
		}
	}()
	return f()
}

// place is the innermost function of the stack that panicked which is not the runtime's.
func place() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)]) // above the deferred function
	for panicking := false; ; {
		frame, more := frames.Next()
		inRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if panicking && !inRuntime && frame.Line > 0 {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
		panicking = panicking || inRuntime
		if !more {
			return ""
		}
	}
}

// Error says in one line what happened and where.
func (p *Panic) Error() string {
	text := "panic: " + strings.Join(strings.Fields(fmt.Sprint(p.Value)), " ")
	if p.Place != "" {
		text += " (" + p.Place + ")"
	}
	return text
}
