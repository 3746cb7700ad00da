package machine

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	governorFile = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
	boostFile    = "sys/devices/system/cpu/cpufreq/boost"
)

func TestNoise(t *testing.T) {
	n := fake(laptop()).Noise()
	if n.Pressure != known(12.5) || n.Load != known(4.25) || n.Stalled != known(2.5) || n.Steal != known(4) {
		t.Errorf("%+v", n)
	}
	later := laptop()
	later["proc/stat"] = "cpu  150 0 50 800 10 0 0 90 80 0\n"
	later["proc/pressure/cpu"] = "some avg10=0.00 total=4000000\n"
	if got := fake(later).Noise().Since(n).Stalled; got != known(1.5) {
		t.Errorf("%v s of waiting in the time between, want 1.5", got)
	}
	if got := fake(nil).Noise().Since(n).Stalled; got.Known {
		t.Errorf("%v s of waiting without a source", got)
	}
	if got := fake(later).Noise().Since(n).Steal; got != known(50) {
		t.Errorf("steal %v of the time between, want 50 %%", got)
	}
	if got := n.Since(n).Steal; got.Known {
		t.Errorf("steal %v of no time", got)
	}
	if got := fake(nil).Noise(); got.Pressure.Known || got.Load.Known || got.Steal.Known {
		t.Errorf("noise without a source: %+v", got)
	}
}

// Whatever the files hold, a figure is a number or is missing.
func TestGarbage(t *testing.T) {
	garbage := []string{
		"", "\n", "x", "cpu", "cpu a b c d e f g h", "some", "some avg10=", "-", "1-", "3-1", ": :",
	}
	for _, text := range garbage {
		files := laptop()
		for path := range files {
			files[path] = text
		}
		h := fake(files)
		d, n := h.Describe(CPU{}), h.Noise()
		for _, f := range []Figure{d.Online, d.Quota, d.MemoryTotal, d.MemoryLimit, n.Pressure, n.Load, n.Steal} {
			if f.Known {
				t.Errorf("%q was taken for a figure: %+v %+v", text, d, n)
			}
		}
	}
}

func codes(findings []Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, f.Code)
	}
	return list
}

func TestFindings(t *testing.T) {
	h := fake(laptop())
	d, n := h.Describe(CPU{VM: true, Cores: 4}), h.Noise()
	d.Build = Build{Commit: "unknown", Dirty: true, race: true, tags: []string{"noasm"}, slow: true}
	findings := Findings(d, n)
	want := []string{
		"race", "noasm", "optimisation", "commit", "changes",
		"pressure", "load", "steal", "virtual", "governor", "turbo", "smt",
		"quota", "affinity", "memory", "numa", "hugepages", "aslr",
	}
	if diff := cmp.Diff(want, codes(findings)); diff != "" {
		t.Error(diff)
	}
	for _, f := range findings {
		if f.Text == "" || f.Remedy == "" {
			t.Errorf("%s lacks text or remedy", f.Code)
		}
	}
}

func TestNoFindings(t *testing.T) {
	files := laptop()
	for path, text := range map[string]string{
		governorFile:                                   "performance",
		boostFile:                                      "0",
		"proc/sys/kernel/randomize_va_space":           "0",
		"proc/pressure/cpu":                            "some avg10=0.10\n",
		"proc/loadavg":                                 "0.10 0.1 0.1",
		"proc/stat":                                    "cpu 1 1 1 1 1 1 1 0\n",
		"sys/devices/system/cpu/online":                "0-7",
		"sys/devices/system/cpu/smt/active":            "0",
		"sys/devices/system/node/online":               "0",
		"sys/kernel/mm/transparent_hugepage/enabled":   "always [madvise] never",
		"proc/self/cgroup":                             "",
		"sys/devices/system/cpu/intel_pstate/no_turbo": "",
	} {
		files[path] = text
	}
	delete(files, "sys/fs/cgroup/user/cpu.max")
	h := fake(files)
	d := h.Describe(CPU{Cores: 8})
	d.Build = Build{Commit: "abc"}
	if got := Findings(d, h.Noise()); got != nil {
		t.Errorf("an ideal machine has findings %v", got)
	}
	if got := Findings(fake(nil).Describe(CPU{}), Noise{}); !slices.Contains(codes(got), "silent") {
		t.Errorf("a machine that says nothing: %v", codes(got))
	}
}

func TestLimitsOfVersionOne(t *testing.T) {
	tests := []struct {
		name, cgroup, mount string
		files               map[string]string
		want                limits
	}{
		{
			name:   "nested, the ancestor is tighter",
			cgroup: "4:memory:/a/b\n3:cpu,cpuacct:/c\n0::/\n",
			mount: "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
				"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n",
			files: map[string]string{
				"sys/fs/cgroup/memory/memory.limit_in_bytes":        "9223372036854771712",
				"sys/fs/cgroup/memory/a/memory.limit_in_bytes":      "1000",
				"sys/fs/cgroup/memory/a/memory.usage_in_bytes":      "900",
				"sys/fs/cgroup/memory/a/memory.stat":                "total_inactive_file 300\n",
				"sys/fs/cgroup/memory/a/b/memory.limit_in_bytes":    "2000",
				"sys/fs/cgroup/memory/a/b/memory.usage_in_bytes":    "2500",
				"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us":        "-1",
				"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us":       "100000",
				"sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us":      "150000",
				"sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us":     "100000",
				"sys/fs/cgroup/memory/a/b/cpu.cfs_quota_us":         "1", // of no cpu hierarchy
				"sys/fs/cgroup/memory/a/b/cpu.cfs_period_us":        "1",
				"sys/fs/cgroup/cpu,cpuacct/c/memory.limit_in_bytes": "1", // of no memory hierarchy
			},
			want: limits{cpus: known(1.5), memory: known(1000), left: known(0)},
		},
		{
			name:   "a container whose mount begins at its own group",
			cgroup: "4:memory:/docker/x\n",
			mount:  "35 31 0:32 /docker/x /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
			files: map[string]string{
				"sys/fs/cgroup/memory/memory.limit_in_bytes": "1000",
				"sys/fs/cgroup/memory/memory.usage_in_bytes": "400",
			},
			want: limits{memory: known(1000), left: known(600)},
		},
		{
			name:   "a folder outside the mount",
			cgroup: "4:memory:/docker/xy\n",
			mount:  "35 31 0:32 /docker/x /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
			files:  map[string]string{"sys/fs/cgroup/memory/memory.limit_in_bytes": "1000"},
			want:   limits{memory: known(1000), left: known(1000)},
		},
	}
	for _, tt := range tests {
		tt.files["proc/self/cgroup"], tt.files["proc/self/mountinfo"] = tt.cgroup, tt.mount
		if diff := cmp.Diff(tt.want, fake(tt.files).limits(), cmp.AllowUnexported(limits{})); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// The probes of the machine that runs the test must be of this process, or say that they are not there.
func TestProbesOfThisMachine(t *testing.T) {
	h := This()
	before := h.Usage()
	if before.Known != (runtime.GOOS == "linux") {
		t.Skipf("no usage on %s", runtime.GOOS)
	}
	used := h.Usage().Since(before)
	for start := time.Now(); used.CPU <= 0 && time.Since(start) < time.Minute; {
		used = h.Usage().Since(before)
	}
	if used.Known && used.CPU <= 0 {
		t.Errorf("a minute of work cost %v of CPU time", used.CPU)
	}
	if d := h.Describe(CPU{}); d.Threads < 1 || len(d.ID) != 12 {
		t.Errorf("%+v", d)
	}
	if a, total := h.Available(), h.meminfo("MemTotal"); a.Known && (a.Value <= 0 || a.Value > total.Value) {
		t.Errorf("%s available of %s", a.Bytes(), total.Bytes())
	}
}

func TestPeakOfThisMachine(t *testing.T) {
	const size = 64 << 20
	h := This()
	_ = touched(size) // garbage that a peak taken from the start would hold
	if !h.ResetPeak() {
		t.Skip("the peak can't be reset here")
	}
	low, resident := h.Peak(), h.Resident()
	if !low.Known || !resident.Known || low.Value > resident.Value+size/2 {
		t.Fatalf("after a reset the peak is %s of %s resident", low.Bytes(), resident.Bytes())
	}
	block := touched(size)
	grown := h.Peak().Value - low.Value
	runtime.KeepAlive(block)
	if grown < 0.9*size || grown > 1.5*size {
		t.Errorf("64 MiB raised the peak by %s", known(grown).Bytes())
	}
}

// touched is a slice of size bytes, every page of which is in memory.
func touched(size int) []byte {
	block := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		block[i] = 1
	}
	return block
}

func TestPeakOfFake(t *testing.T) {
	h := fake(laptop())
	if h.ResetPeak() || h.Peak() != known(2048<<10) || h.Resident() != known(1024<<10) {
		t.Errorf("peak %v, resident %v", h.Peak(), h.Resident())
	}
}

func BenchmarkUsage(b *testing.B) {
	h := This()
	for b.Loop() {
		if u := h.Usage(); u.Involuntary < 0 {
			b.Fatal(u)
		}
	}
}
