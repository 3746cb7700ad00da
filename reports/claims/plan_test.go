package claims_test

import (
	"slices"
	"strings"
	"testing"

	"attnbench/reports/claims"
)

// TestPlan: lengths and passes with the same variants and options are one run; a default is an axis beside
// the values that are named; seeds are runs.
func TestPlan(t *testing.T) {
	const dense = `
[[series]]
name = "dense"
variant = "dense"
`
	series := func(options string) string {
		return dense + "[[series]]\nname = \"rank\"\nvariant = \"rank\"\noptions = { " + options + " }\n"
	}
	const ratio = "[[test]]\nmeasure = \"ratio\"\nof = \"rank\"\nagainst = \"dense\"\nmin = 1.0\n"
	const value = "[[test]]\nmeasure = \"value\"\nof = \"rank\"\nmin = 1.0\n"
	for _, test := range []struct {
		name   string
		claims []string
		want   []string
	}{
		{"lengths", []string{"[cells]\nvalues = [64, 128]" + series("k = 8") + ratio},
			[]string{"--variants dense,rank --set rank.k=8 --n 64,128"}},
		{"an option by length", []string{"[cells]\nvalues = [64, 128, 256]" + series("k = [8, 16, 16]") + ratio},
			[]string{
				"--variants dense,rank --set rank.k=8 --n 64", "--variants dense,rank --set rank.k=16 --n 128,256",
			}},
		{"passes", []string{
			"[cells]\nheads = 8\nvalues = [64]" + series("k = 8") + ratio,
			"[cells]\nheads = 8\npass = \"both\"\nvalues = [64]" + series("k = 8") + ratio,
		}, []string{"--variants dense,rank --set rank.k=8 --n 64 --pass forward,both --heads 8"}},
		{"a default", []string{
			"[cells]\nvalues = [64]" + series(`sharing = "kv"`) + ratio, "[cells]\nvalues = [64]" + series("") + value,
		}, []string{"--variants dense,rank --set rank.sharing=kv,none --n 64"}},
		{"no default", []string{
			"[cells]\nvalues = [64]" + series("k = 8") + ratio, "[cells]\nvalues = [64]" + series("") + value,
		}, []string{"--variants dense,rank --set rank.k=8 --n 64", "--variants rank --n 64"}},
		{"seeds", []string{
			"[cells]\nquantity = \"error\"\nalong = \"d\"\nn = 64\ndraws = 6\nvalues = [16, 32]" +
				series("k = [4, 8]") + value,
		}, []string{
			"--variants rank --set rank.k=4,8 --n 64 --dim 16,32 --seed 1",
			"--variants rank --set rank.k=4,8 --n 64 --dim 16,32 --seed 6",
		}},
	} {
		var wants []claims.Want
		for _, text := range test.claims {
			start := head[:strings.Index(head, "[cells]")]
			c, err := claims.Parse("c.toml", []byte(start+text))
			check(t, err)
			wants = append(wants, c.Wants()...)
		}
		var got []string
		for _, r := range claims.Plan(wants, declared{}) {
			if r.Seed < 2 || r.Seed > 5 {
				got = append(got, strings.TrimPrefix(r.String(), "bench run "))
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, test.want)
		}
	}
}
