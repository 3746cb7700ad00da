package reports_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// browser is a headless Chromium with one page, driven over the pipe of its DevTools protocol: messages of
// JSON, each ended by a zero byte.
type browser struct {
	t       *testing.T
	in      io.Writer
	out     *bufio.Reader
	session string
	next    int
	events  []event // since the last navigation
}

// event is what the browser says unasked.
type event struct {
	Method string
	Params struct {
		Type    string // of a call of the console
		Request struct{ URL string }
		Entry   struct{ Level, Text, URL string } // of the log
		Details json.RawMessage                   `json:"exceptionDetails"`
	}
}

// reply answers the request with its number, or is an event where it has none.
type reply struct {
	ID     int
	Result json.RawMessage
	Error  *struct{ Message string }
	event
}

// startBrowser skips the test on a machine without Chromium. The browser ends with the test.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" || runtime.GOOS == "windows" { // where pipes cannot be handed on
		t.Skip("no Chromium to look at the page with: apt-get install chromium")
	}
	theirs, in := pipe(t)
	out, answers := pipe(t)
	command := exec.Command(path, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
		"--disable-dev-shm-usage", "--no-first-run", "--user-data-dir="+t.TempDir(), "about:blank")
	command.ExtraFiles = []*os.File{theirs, answers} // 3 and 4
	check(t, command.Start())
	check(t, theirs.Close())
	check(t, answers.Close())
	check(t, out.SetReadDeadline(time.Now().Add(2*time.Minute)))
	b := &browser{t: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		b.session = ""
		b.call("Browser.close", nil)
		if err := command.Wait(); err != nil {
			t.Errorf("the browser ended with %v", err)
		}
	})
	b.attach()
	return b
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	check(t, err)
	t.Cleanup(func() { _, _ = r.Close(), w.Close() }) // some are closed already
	return r, w
}

// attach opens the page that the following calls are about.
func (b *browser) attach() {
	var target struct{ TargetID string }
	b.result(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	var session struct{ SessionID string }
	b.result(&session, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	b.session = session.SessionID
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		b.call(domain+".enable", nil)
	}
}

// call sends a request and returns its result; what comes in between is kept in events.
func (b *browser) call(method string, params map[string]any) json.RawMessage {
	b.t.Helper()
	b.next++
	request := map[string]any{"id": b.next, "method": method}
	if params != nil {
		request["params"] = params
	}
	if b.session != "" {
		request["sessionId"] = b.session
	}
	message, err := json.Marshal(request)
	check(b.t, err)
	_, err = b.in.Write(append(message, 0))
	check(b.t, err)
	for {
		r := b.read()
		switch {
		case r.Method != "":
			b.events = append(b.events, r.event)
		case r.ID == b.next && r.Error != nil:
			b.t.Fatalf("%s: %s", method, r.Error.Message)
		case r.ID == b.next:
			return r.Result
		}
	}
}

func (b *browser) read() reply {
	b.t.Helper()
	message, err := b.out.ReadBytes(0)
	check(b.t, err)
	var r reply
	check(b.t, json.Unmarshal(bytes.TrimSuffix(message, []byte{0}), &r))
	return r
}

func (b *browser) result(into any, method string, params map[string]any) {
	b.t.Helper()
	check(b.t, json.Unmarshal(b.call(method, params), into))
}

// open shows a file in a window of some width, in a scheme, "light" or "dark", and on a medium, "" or
// "print". It returns when the page has loaded.
func (b *browser) open(path string, width int, scheme, medium string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500,
	})
	b.call("Emulation.setEmulatedMedia", map[string]any{
		"media": medium, "features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
	})
	b.events = nil
	b.call("Page.navigate", map[string]any{"url": "file://" + path})
	loaded := func() bool {
		for _, e := range b.events {
			if e.Method == "Page.loadEventFired" {
				return true
			}
		}
		return false
	}
	for !loaded() {
		if r := b.read(); r.Method != "" {
			b.events = append(b.events, r.event)
		}
	}
}

// evaluate runs a function's body in the page and decodes what it returns.
func (b *browser) evaluate(into any, body string) {
	b.t.Helper()
	var answer struct {
		Result    struct{ Value json.RawMessage }
		Exception json.RawMessage `json:"exceptionDetails"`
	}
	b.result(&answer, "Runtime.evaluate", map[string]any{
		"expression": "(() => {" + body + "})()", "returnByValue": true,
	})
	if answer.Exception != nil {
		b.t.Fatalf("%s: %s", body, answer.Exception)
	}
	check(b.t, json.Unmarshal(answer.Result.Value, into))
}

// complaints are the page's errors, and its requests for anything but itself.
func (b *browser) complaints(path string) []string {
	var list []string
	for _, e := range b.events {
		p := e.Params
		itself := strings.HasSuffix(p.Request.URL, path) || strings.HasPrefix(p.Request.URL, "data:")
		switch {
		case e.Method == "Network.requestWillBeSent" && !itself:
			list = append(list, "asks for "+p.Request.URL)
		case e.Method == "Runtime.exceptionThrown":
			list = append(list, "throws "+string(p.Details))
		case e.Method == "Runtime.consoleAPICalled" && (p.Type == "error" || p.Type == "warning"):
			list = append(list, "writes an "+p.Type+" to the console")
		case e.Method == "Log.entryAdded" && p.Entry.Level != "info" && p.Entry.Level != "verbose":
			list = append(list, fmt.Sprintf("logs %s: %s", p.Entry.Level, p.Entry.Text))
		}
	}
	return list
}
