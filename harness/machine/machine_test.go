package machine

import (
	"errors"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fake is a machine that consists of the given files.
func fake(files map[string]string) *Host {
	root := fstest.MapFS{}
	for path, text := range files {
		root[path] = &fstest.MapFile{Data: []byte(text)}
	}
	return &Host{
		root: root, goos: "linux", cpus: 8,
		usage:     func() Usage { return Usage{} },
		clearPeak: func() error { return errors.ErrUnsupported },
	}
}

// laptop is a machine with everything that is worth a finding.
func laptop() map[string]string {
	return map[string]string{
		"etc/os-release":                               "NAME=x\nPRETTY_NAME=\"Toy Linux 1\"\n",
		"proc/sys/kernel/osrelease":                    "6.1.0\n",
		"proc/sys/kernel/randomize_va_space":           "2\n",
		"proc/meminfo":                                 "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n",
		"proc/pressure/cpu":                            "some avg10=12.50 total=2500000\nfull avg10=9.00\n",
		"proc/loadavg":                                 "4.25 1.00 0.50 1/100 77\n",
		"proc/stat":                                    "cpu  100 0 50 800 10 0 0 40 30 0\ncpu0 1 1 1\n",
		"sys/devices/system/cpu/online":                "0-7,10,12-13\n",
		"sys/devices/system/cpu/smt/active":            "1\n",
		"sys/devices/system/cpu/intel_pstate/no_turbo": "0\n",
		governorFile:                                   "powersave\n",
		"sys/devices/system/node/online":               "0-1\n",
		"sys/kernel/mm/transparent_hugepage/enabled":   "[always] madvise never\n",
		"proc/self/cgroup":                             "0::/user/job\n",
		"proc/self/mountinfo":                          "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 none rw\n",
		"sys/fs/cgroup/user/cpu.max":                   "250000 100000\n",
		"sys/fs/cgroup/user/job/cpu.max":               "max 100000\n",
		"sys/fs/cgroup/user/memory.max":                "max\n",
		"sys/fs/cgroup/user/job/memory.max":            "4294967296\n",
		"sys/fs/cgroup/user/job/memory.high":           "max\n",
		"sys/fs/cgroup/user/job/memory.current":        "1610612736\n",
		"sys/fs/cgroup/user/job/memory.stat":           "anon 5\ninactive_file 536870912\n",
		"proc/self/status":                             "Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n",
	}
}

func TestDescribe(t *testing.T) {
	cpu := CPU{Brand: "Toy CPU", Cores: 4, L1D: 32 << 10, L2: 1 << 20}
	got := fake(laptop()).Describe(cpu)
	got.ID, got.Platform, got.Build = "", "", Build{}
	want := Description{
		OS: "Toy Linux 1, kernel 6.1.0", CPU: cpu,
		Online: known(11), Allowed: 8, Quota: known(2.5), Threads: 2,
		Settings: Settings{
			Balancing: "n/a", KSM: "n/a", Watchdog: "n/a", Tickless: "n/a", Counters: "n/a", Energy: "n/a",
		},
		MemoryTotal: known(16 << 30), MemoryAvailable: known(3 << 30), MemoryLimit: known(4 << 30),
		Governor: "powersave", Turbo: "on", SMT: "on", HugePages: "always", ASLR: "on", Nodes: "0-1",
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Build{})); diff != "" {
		t.Error(diff)
	}
}

func TestDescribeNothing(t *testing.T) {
	d := fake(nil).Describe(CPU{})
	if d.Threads != 8 || d.Online.Known || d.MemoryTotal.Known || d.MemoryAvailable.Known || d.OS != "linux" {
		t.Errorf("%+v", d)
	}
	for _, text := range []string{d.Governor, d.Turbo, d.SMT, d.HugePages, d.ASLR, d.Nodes, d.Online.String()} {
		if text != "n/a" {
			t.Errorf("a figure that is missing reads %q", text)
		}
	}
	for _, f := range d.Facts() {
		if f.Value == "" || strings.Contains(f.Value, "0 B") {
			t.Errorf("%s is %q", f.Name, f.Value)
		}
	}
}

func TestFacts(t *testing.T) {
	got := map[string]string{}
	for _, f := range fake(laptop()).Describe(CPU{Brand: "Toy CPU", L1D: 32 << 10, L2: 1536 << 10}).Facts() {
		got[f.Name] = f.Value
	}
	for name, want := range map[string]string{
		"cpu":    "Toy CPU",
		"cores":  "n/a",
		"caches": "L1d 32 KiB, L2 1.5 MiB, L3 n/a",
		"cpus":   "11 online, 8 allowed, quota 2.5, usable threads 2",
		"memory": "16 GiB total, 3 GiB available, limit 4 GiB",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

// No fact may lead to a person or a place.
func TestNothingPrivate(t *testing.T) {
	var all strings.Builder
	for _, f := range This().Describe(CPU{}).Facts() {
		all.WriteString(f.Value + "\n")
	}
	private := []string{}
	if name, err := os.Hostname(); err == nil && len(name) > 3 {
		private = append(private, name)
	}
	if dir, err := os.Getwd(); err == nil {
		private = append(private, dir)
	}
	for _, p := range private {
		if strings.Contains(all.String(), p) {
			t.Errorf("the facts hold %q: %s", p, all.String())
		}
	}
}

func TestIdentity(t *testing.T) {
	id := func(change func(map[string]string, *CPU)) string {
		files, cpu := laptop(), CPU{Brand: "Toy CPU", Cores: 4, Features: []string{"AVX2", "FMA3"}}
		change(files, &cpu)
		return fake(files).Describe(cpu).ID
	}
	base := id(func(map[string]string, *CPU) {})
	if len(base) != 12 {
		t.Errorf("id %q", base)
	}
	same := map[string]func(map[string]string, *CPU){
		"kernel":     func(f map[string]string, _ *CPU) { f["proc/sys/kernel/osrelease"] = "6.2.0" },
		"free":       func(f map[string]string, _ *CPU) { f["proc/meminfo"] = "MemTotal: 16760000 kB\n" },
		"governor":   func(f map[string]string, _ *CPU) { f[governorFile] = "performance" },
		"a new name": func(_ map[string]string, c *CPU) { c.Features = append(c.Features, "NOVEL") },
	}
	for name, change := range same {
		if id(change) != base {
			t.Errorf("%s changes the machine's identity", name)
		}
	}
	other := map[string]func(map[string]string, *CPU){
		"brand":    func(_ map[string]string, c *CPU) { c.Brand = "Other" },
		"features": func(_ map[string]string, c *CPU) { c.Features = []string{"AVX2", "FMA3", "AVX512F"} },
		"memory":   func(f map[string]string, _ *CPU) { f["proc/meminfo"] = "MemTotal: 33554432 kB\n" },
		"cpus":     func(f map[string]string, _ *CPU) { f["sys/devices/system/cpu/online"] = "0-3" },
	}
	for name, change := range other {
		if id(change) == base {
			t.Errorf("%s does not change the machine's identity", name)
		}
	}
}

func TestBytes(t *testing.T) {
	for value, want := range map[float64]string{
		0: "0 B", 1000: "1000 B", 1536: "1.5 KiB", 7.5 * (1 << 30): "7.5 GiB", 1 << 50: "1024 TiB",
	} {
		if got := known(value).Bytes(); got != want {
			t.Errorf("%v bytes: %q, want %q", value, got, want)
		}
	}
}

func TestBuild(t *testing.T) {
	settings := func(pairs ...string) *debug.BuildInfo {
		info := &debug.BuildInfo{}
		for pair := range slices.Chunk(pairs, 2) {
			info.Settings = append(info.Settings, debug.BuildSetting{Key: pair[0], Value: pair[1]})
		}
		return info
	}
	recorded := settings("GOAMD64", "v3", "-tags", "noasm,x", "-race", "true", "-ldflags", "-L /home/me",
		"vcs.revision", "abc", "vcs.modified", "true")
	b := newBuild(recorded, true, "")
	if b.Revision() != "abc+changes" || !strings.HasSuffix(b.Flags, " v3 noasm x race") {
		t.Errorf("%+v", b)
	}
	if slow := newBuild(settings("-gcflags", "all=-N -l"), true, ""); !slow.slow || b.slow {
		t.Errorf("optimisation: %+v %+v", slow, b)
	}
	if b := newBuild(recorded, true, "given"); b.Revision() != "given" {
		t.Errorf("override: %+v", b)
	}
	if b := newBuild(nil, false, ""); b.Revision() != "unknown" || b.Go == "" || b.Flags == "" {
		t.Errorf("no record: %+v", b)
	}
}

func TestUsage(t *testing.T) {
	a := Usage{CPU: time.Second, Involuntary: 3, Known: true}
	b := Usage{CPU: 3 * time.Second, Involuntary: 10, Known: true}
	if got := b.Since(a); got != (Usage{CPU: 2 * time.Second, Involuntary: 7, Known: true}) {
		t.Errorf("%+v", got)
	}
	if got := b.Since(Usage{}); got.Known {
		t.Errorf("a difference from nothing is known: %+v", got)
	}
}

// FuzzFiles: whatever stands in proc and sys, texts are there, figures make sense, nothing panics.
func FuzzFiles(f *testing.F) {
	for path, text := range restless() {
		f.Add(path, text)
	}
	f.Fuzz(func(t *testing.T, path, text string) {
		files := restless()
		if _, there := files[path]; !there {
			return
		}
		files[path] = text
		host := fake(files)
		d := host.Describe(CPU{})
		for _, fact := range d.Facts() {
			if fact.Value == "" {
				t.Fatalf("%s with %q: no %s", path, text, fact.Name)
			}
		}
		if d.Threads < 1 || d.MemoryAvailable.Value < 0 {
			t.Fatalf("%s with %q: %d threads, %v available", path, text, d.Threads, d.MemoryAvailable)
		}
		Findings(d, host.Noise())
		Advice(d)
	})
}
