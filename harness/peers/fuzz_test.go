package peers

import "testing"

// FuzzDeclaration: a declaration that is accepted has all that starting it needs.
func FuzzDeclaration(f *testing.F) {
	for _, seed := range []string{
		`{"name":"a","implements":"full","command":["./a"]}`,
		`[{"name":"a","implements":"full","command":["a","b"]}]`,
		`{"name":"a","implements":"full","command":[""]}`,
		`[null]`, `[]`, `{}`, `{"name":"A"}`, `{"name":"a","other":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := parse(text, "/folder")
		if err != nil {
			return
		}
		for _, p := range list {
			if p.Name == "" || p.Implements == "" || len(p.Command) == 0 {
				t.Fatalf("%s: %+v", text, p)
			}
		}
	})
}
