package machine

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// restless are files of a kernel with everything turned on.
func restless() map[string]string {
	files := laptop()
	for path, text := range map[string]string{
		"proc/sys/kernel/numa_balancing":                                   "1\n",
		"sys/kernel/mm/ksm/run":                                            "1\n",
		"proc/sys/kernel/watchdog":                                         "1\n",
		"sys/devices/system/cpu/nohz_full":                                 "(null)\n",
		"sys/bus/event_source/devices/soft":                                "",
		"sys/class/powercap/other":                                         "",
		"sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count": "7\n",
	} {
		files[path] = text
	}
	delete(files, governorFile)
	delete(files, "sys/devices/system/cpu/intel_pstate/no_turbo")
	return files
}

func TestSettings(t *testing.T) {
	h := fake(restless())
	h.procs = 1
	d := h.Describe(CPU{})
	got := slices.Concat(settingFindings(d), Advice(d))
	want := []string{"gomaxprocs", "throttled", "balancing", "ksm", "watchdog", "tick", "frequency", "counters",
		"energy", "peak"}
	if diff := cmp.Diff(want, codes(got)); diff != "" {
		t.Error(diff)
	}
	for _, f := range got {
		if f.Text == "" || f.Remedy == "" {
			t.Errorf("%s lacks text or remedy", f.Code)
		}
	}
}

// TestSettingsOneByOne: each condition has one cause, and goes when that goes.
func TestSettingsOneByOne(t *testing.T) {
	for code, cure := range map[string]func(h *Host, files map[string]string){
		"gomaxprocs": func(h *Host, _ map[string]string) { h.procs = 8 },
		"throttled": func(_ *Host, f map[string]string) {
			f["sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count"] = "0"
		},
		"balancing": func(_ *Host, f map[string]string) { f["proc/sys/kernel/numa_balancing"] = "0" },
		"ksm":       func(_ *Host, f map[string]string) { f["sys/kernel/mm/ksm/run"] = "0" },
		"watchdog":  func(_ *Host, f map[string]string) { f["proc/sys/kernel/watchdog"] = "0" },
		"tick":      func(_ *Host, f map[string]string) { f["sys/devices/system/cpu/nohz_full"] = "2-7" },
		"frequency": func(_ *Host, f map[string]string) { f[governorFile] = "performance" },
		"counters":  func(_ *Host, f map[string]string) { f["sys/bus/event_source/devices/cpu/type"] = "4" },
		"energy":    func(_ *Host, f map[string]string) { f["sys/class/powercap/intel-rapl:0/name"] = "package-0" },
		"peak":      func(h *Host, _ map[string]string) { h.clearPeak = func() error { return nil } },
	} {
		files := restless()
		before := fake(files)
		before.procs = 1
		sick := before.Describe(CPU{})
		host := fake(nil)
		host.procs, host.clearPeak = 1, func() error { return errors.ErrUnsupported }
		cure(host, files)
		host.root = fake(files).root
		well := host.Describe(CPU{})
		all := codes(slices.Concat(settingFindings(sick), Advice(sick)))
		rest := codes(slices.Concat(settingFindings(well), Advice(well)))
		if i := slices.Index(all, code); i < 0 || !slices.Equal(rest, slices.Delete(all, i, i+1)) {
			t.Errorf("without %s: %v", code, rest)
		}
	}
}

// TestSettingsUnknown: a system that says nothing gets no findings about what it might do.
func TestSettingsUnknown(t *testing.T) {
	if got := settingFindings(fake(nil).Describe(CPU{})); got != nil {
		t.Errorf("%v", got)
	}
	want := []string{"frequency", "energy", "peak"}
	if got := codes(Advice(fake(nil).Describe(CPU{}))); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
