package machine

import (
	"bytes"
	"io"
	"math"
	"strconv"
	"strings"
)

// read returns a file of proc or sys, or "" where there is none.
func (h *Host) read(path string) string {
	const limit = 1 << 20 // no such file is that large
	f, err := h.root.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return ""
	}
	return string(bytes.ToValidUTF8(data, []byte("?")))
}

// line is the first line of a file, without blanks around it.
func (h *Host) line(path string) string {
	line, _, _ := strings.Cut(h.read(path), "\n")
	return strings.TrimSpace(line)
}

// word is the first line of a file, or "n/a".
func (h *Host) word(path string) string { return orNA(h.line(path)) }

// number is the number that a file consists of.
func (h *Host) number(path string) Figure { return parse(h.line(path)) }

func parse(text string) Figure {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return Figure{}
	}
	return known(value)
}

// field returns the words after the label that begins a line of a file like meminfo or stat.
func field(text, label string) []string {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == label {
			return words[1:]
		}
	}
	return nil
}

// kilobytes returns the value of "label: 123 kB" in bytes.
func kilobytes(text, label string) Figure {
	words := field(text, label+":")
	if len(words) == 0 {
		return Figure{}
	}
	f := parse(words[0])
	f.Value *= 1024
	return f
}

func (h *Host) meminfo(label string) Figure { return kilobytes(h.read("proc/meminfo"), label) }

// online counts the CPUs of a list like "0-3,8".
func (h *Host) online() Figure {
	list := h.line("sys/devices/system/cpu/online")
	if list == "" {
		return Figure{}
	}
	count := 0.0
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, to := parse(first), parse(last)
		if !isRange {
			to = from
		}
		if !from.Known || !to.Known || to.Value < from.Value {
			return Figure{}
		}
		count += to.Value - from.Value + 1
	}
	return known(count)
}

// system is the distribution and the kernel's release.
func (h *Host) system() string {
	name := h.goos
	for line := range strings.Lines(h.read("etc/os-release")) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
			name = strings.Trim(value, `"'`)
		}
	}
	if release := h.line("proc/sys/kernel/osrelease"); release != "" {
		name += ", kernel " + release
	}
	return name
}

// onOff translates the first line of a file.
func (h *Host) onOff(path, on, off string) string {
	switch h.line(path) {
	case on:
		return "on"
	case off:
		return "off"
	}
	return "n/a"
}

func (h *Host) turbo() string {
	if intel := h.onOff("sys/devices/system/cpu/intel_pstate/no_turbo", "0", "1"); intel != "n/a" {
		return intel
	}
	return h.onOff("sys/devices/system/cpu/cpufreq/boost", "1", "0")
}

func (h *Host) aslr() string {
	switch level := h.line("proc/sys/kernel/randomize_va_space"); level {
	case "":
		return "n/a"
	case "0":
		return "off"
	default:
		return "on"
	}
}

// selected is the choice in brackets of a list like "always [madvise] never".
func selected(choices string) string {
	_, rest, _ := strings.Cut(choices, "[")
	choice, _, closed := strings.Cut(rest, "]")
	if !closed || choice == "" {
		return "n/a"
	}
	return choice
}
