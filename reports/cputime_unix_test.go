//go:build unix

package reports_test

import (
	"syscall"
	"testing"
	"time"
)

// busy is the time that processors have spent on this process, which others that use the machine hardly
// lengthen.
func busy(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	check(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
