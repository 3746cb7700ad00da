package variants

import (
	"strings"
	"testing"
)

// FuzzParseSettings: what is accepted can be written and read again, and no name stands there twice.
func FuzzParseSettings(f *testing.F) {
	for _, seed := range []string{"", "a=1", "a=1,b=2|3", " a=1 , ,b==", "a", "=", "a=1,a=2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		settings, err := ParseSettings(text)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		var parts []string
		for _, s := range settings {
			if s.Name == "" || s.Value == "" || seen[s.Name] {
				t.Fatalf("%q: %+v", text, settings)
			}
			seen[s.Name] = true
			parts = append(parts, s.Name+"="+s.Value)
		}
		again, err := ParseSettings(strings.Join(parts, ","))
		if err != nil || len(again) != len(settings) {
			t.Fatalf("%q: %+v, again %+v, %v", text, settings, again, err)
		}
	})
}
