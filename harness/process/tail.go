package process

import (
	"strings"
	"sync"
)

// tail keeps the beginning and the end of what is written to it.
type tail struct {
	mu    sync.Mutex
	began []byte
	text  []byte
}

// kept is how many bytes a tail remembers of the end, and half as many of the beginning.
const kept = 8 << 10

// Write takes p; it never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began = append(t.began, p[:min(len(p), kept/2-len(t.began))]...)
	t.text = append(t.text, p...)
	if extra := len(t.text) - kept; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

// read returns both.
func (t *tail) read() (began, end string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.began), string(t.text)
}

// lastLine is the last line that says something.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return Clip(strings.ToValidUTF8(lines[len(lines)-1], "?"))
}
