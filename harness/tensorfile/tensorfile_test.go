package tensorfile_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"attnbench/harness/tensorfile"
	"attnbench/variants"
)

// fileOf puts a header in front of zero data bytes.
func fileOf(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// bitsOf is a file with one tensor "x" of count elements.
func bitsOf(dtype string, count int, data []byte) []byte {
	const header = `{"x":{"dtype":%q,"shape":[%d],"data_offsets":[0,%d]}}`
	return append(fileOf(fmt.Sprintf(header, dtype, count, len(data)), 0), data...)
}

func TestReadReferenceFiles(t *testing.T) {
	tests := []struct {
		file, tensor string
		dims         []int
		option       string // of the metadata
	}{
		{"full-n1", "q", []int{2, 1, 16}, ""},
		{"full-keymask-none-valid", "key_mask", []int{9}, ""},
		{"linformer-k1-n17", "proj_k", []int{1, 17}, "k=1,sharing=headwise"},
		{"longformer-w64-n10", "want.out", []int{2, 10, 8}, "window=64,dilation=1"},
		{"reformer-r2-short-n12", "want.buckets", []int{2, 2, 12},
			"rounds=2,buckets=4,chunk=16,same_bucket_only=false,dedup=false,wrap=flat,scale=unit"},
	}
	for _, tt := range tests {
		f, err := tensorfile.Read(filepath.Join("testdata", tt.file+".safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		x, ok := f.Tensors[tt.tensor]
		if !ok || cmp.Diff(tt.dims, x.Dims) != "" || len(x.F32)+len(x.I64)+len(x.U8) != x.Len() {
			t.Errorf("%s: tensor %s: %v with %d elements, want %v", tt.file, tt.tensor, x.Dims, x.Len(), tt.dims)
		}
		if f.Metadata["options"] != tt.option || f.Metadata["variant"] == "" {
			t.Errorf("%s: metadata %v", tt.file, f.Metadata)
		}
	}
}

func TestNonFinite(t *testing.T) {
	for file, want := range map[string]string{
		"full-nan-in-q": `tensor "q" holds NaN at element `,
		"full-inf-in-v": `tensor "v" holds +Inf at element `,
	} {
		path := filepath.Join("testdata", file+".safetensors")
		if _, err := tensorfile.Read(path); err == nil || !strings.Contains(err.Error(), path+": "+want) {
			t.Errorf("%s: error %v, want %q", file, err, want)
		}
		if _, err := tensorfile.Read(path, tensorfile.AllowNonFinite); err != nil {
			t.Errorf("%s: refused although allowed: %v", file, err)
		}
	}
}

// refusal is a file that must be refused with an error that holds want.
type refusal struct {
	name, want string
	data       []byte
}

func TestRefusals(t *testing.T) {
	for _, tt := range slices.Concat(badHeaders(), badTensors()) {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tensorfile.Decode(tt.data)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want one with %q", err, tt.want)
			}
			if strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 400 {
				t.Errorf("not one short line: %q", err)
			}
		})
	}
}

// q is the header of one good tensor.
const q = `"q":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`

func badHeaders() []refusal {
	long := binary.LittleEndian.AppendUint64(nil, 1<<63)
	return []refusal{
		{"empty", "0 bytes are too few", nil},
		{"length only", "not a JSON object", make([]byte, 8)},
		{"huge header", "above the limit of 1048576", append(long, '{')},
		{"truncated header", "does not fit a file of 28 bytes", fileOf("{"+q+"}", 0)[:28]},
		{"null header", "not a JSON object", fileOf("null", 0)},
		{"array header", "not a JSON object", fileOf("[]", 0)},
		{"broken header", "not JSON", fileOf(`{"q":`, 0)},
		{"text after the header", "header: ", fileOf("{"+q+"} x", 8)},
		{"no tensor", "it holds no tensor", fileOf("{}", 0)},
		{"only metadata", "it holds no tensor", fileOf(`{"__metadata__":{"a":"b"}}`, 0)},
		{"no name", "name is empty", fileOf(strings.Replace("{"+q+"}", `"q"`, `""`, 1), 8)},
		{"null tensor", `"q"`, fileOf(`{"q":null}`, 0)},
		{"metadata not text", "__metadata__", fileOf(`{"__metadata__":{"n":3},`+q+`}`, 8)},
		{"duplicate tensor", `holds "q" twice`, fileOf("{"+q+","+q+"}", 8)},
		{"duplicate by escape", `holds "q" twice`, fileOf("{"+q+","+strings.Replace(q, "q", `\u0071`, 1)+"}", 8)},
		{"duplicate metadata", `"__metadata__" holds "a" twice`,
			fileOf(`{"__metadata__":{"a":"1","a":"2"},`+q+`}`, 8)},
		{"duplicate field", `"q" holds "shape" twice`,
			fileOf(`{"q":{"dtype":"F32","shape":[2],"shape":[3],"data_offsets":[0,8]}}`, 8)},
	}
}

func badTensors() []refusal {
	return []refusal{
		{"dtype F64", `tensor "q": dtype F64`,
			fileOf(`{"q":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}`, 8)},
		{"dtype unknown", "F8_E4M3", fileOf(`{"q":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}`, 8)},
		{"truncated data", `tensor "q" ends at byte 8, past the 7 bytes`, fileOf("{"+q+"}", 7)},
		{"data left over", `1 bytes after tensor "q"`, fileOf("{"+q+"}", 9)},
		{"offset past everything", `tensor "q"`,
			fileOf(`{"q":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775808,9223372036854775816]}}`, 8)},
		{"offsets reversed", `tensor "q": data_offsets [8, 0]`,
			fileOf(`{"q":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8)},
		{"offset negative", "q", fileOf(`{"q":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}`, 8)},
		{"shape lies", `tensor "q": data_offsets [0, 8] do not span the 12 bytes`,
			fileOf(`{"q":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8)},
		{"shape overflows", `tensor "q": its shape has more than 2^64`, fileOf(
			`{"q":{"dtype":"F32","shape":[2147483647,2147483647,2147483647,8],"data_offsets":[0,8]}}`, 8)},
		{"bytes overflow", `tensor "q": its 4611686014132420609 elements`,
			fileOf(`{"q":{"dtype":"F32","shape":[2147483647,2147483647],"data_offsets":[0,8]}}`, 8)},
		{"dimension large", `tensor "q": dimension 4294967296`,
			fileOf(`{"q":{"dtype":"I64","shape":[4294967296,0],"data_offsets":[0,0]}}`, 0)},
		{"dimension fractional", "q", fileOf(`{"q":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}`, 8)},
		{"dimension zero", `tensor "q": dimension 0 is below 1`,
			fileOf(`{"q":{"dtype":"F32","shape":[2,0],"data_offsets":[0,0]}}`, 0)},
		{"overlap", `tensor "r" begins at byte 4, inside tensor "q"`,
			fileOf("{"+q+`,"r":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8)},
		{"gap", `tensor "r" begins at byte 12: bytes 8 to 12`,
			fileOf("{"+q+`,"r":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, 16)},
		{"float16 Inf", `tensor "x" holds -Inf at element 1`, bitsOf("F16", 2, []byte{0, 0, 0, 0xfc})},
		{"bfloat16 NaN", `tensor "x" holds NaN at element 0`, bitsOf("BF16", 1, []byte{0xc0, 0x7f})},
	}
}

func TestErrorsStayShort(t *testing.T) {
	data := fileOf(`{"q":{"dtype":"F32","shape":[`+strings.Repeat(`"x",`, 1<<16)+`1],"data_offsets":[0,4]}}`, 4)
	if _, err := tensorfile.Decode(data); err == nil || len(err.Error()) > 400 {
		t.Errorf("an error of the size of the header: %.100v", err)
	}
}

// Every half is checked against its definition: sign, 5 bits of exponent with bias 15, 10 bits of fraction.
func TestHalf(t *testing.T) {
	data := make([]byte, 0, 2<<16)
	for h := range 1 << 16 {
		data = binary.LittleEndian.AppendUint16(data, uint16(h))
	}
	f, err := tensorfile.Decode(bitsOf("F16", 1<<16, data), tensorfile.AllowNonFinite)
	if err != nil {
		t.Fatal(err)
	}
	for h, got := range f.Tensors["x"].F32 {
		if want := halfByDefinition(h); float64(got) != want && !(math.IsNaN(want) && got != got) {
			t.Fatalf("half %04x = %v, want %v", h, got, want)
		}
		if math.Signbit(float64(got)) != (h>>15 == 1) {
			t.Fatalf("half %04x lost its sign", h)
		}
	}
}

func halfByDefinition(h int) float64 {
	sign, exponent, fraction := 1-2*float64(h>>15), h>>10&31, float64(h&1023)
	switch {
	case exponent == 31 && fraction == 0:
		return math.Inf(int(sign))
	case exponent == 31:
		return math.NaN()
	case exponent == 0:
		return sign * math.Ldexp(fraction, -24)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

func TestBrain(t *testing.T) {
	f, err := tensorfile.Decode(bitsOf("BF16", 3, []byte{0x80, 0x3f, 0x20, 0xc1, 0x01, 0}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float32{1, -10, math.Float32frombits(1 << 16)}, f.Tensors["x"].F32); diff != "" {
		t.Error(diff)
	}
}

// tensors draws a valid set of tensors.
func tensors(t *rapid.T) map[string]variants.Tensor {
	one := rapid.Custom(func(t *rapid.T) variants.Tensor {
		x := variants.Tensor{Dims: rapid.SliceOfN(rapid.IntRange(1, 4), 0, 4).Draw(t, "dims")}
		switch rapid.IntRange(0, 3).Draw(t, "type") {
		case 0:
			x.F32 = rapid.SliceOfN(rapid.Float32(), x.Len(), x.Len()).Draw(t, "f32")
		case 1:
			x.I64 = rapid.SliceOfN(rapid.Int64(), x.Len(), x.Len()).Draw(t, "i64")
		case 2:
			x.U8 = rapid.SliceOfN(rapid.Uint8(), x.Len(), x.Len()).Draw(t, "u8")
		case 3: // a list of no indices
			x.Dims, x.I64 = append(x.Dims, 0), []int64{}
		}
		return x
	})
	name := rapid.StringN(1, 12, -1).Filter(func(s string) bool { return s != "__metadata__" })
	return rapid.MapOfN(name, one, 1, 5).Draw(t, "tensors")
}

func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	path, again := filepath.Join(dir, "a.safetensors"), filepath.Join(dir, "b.safetensors")
	rapid.Check(t, func(rt *rapid.T) {
		want := tensors(rt)
		metadata := rapid.MapOf(rapid.String(), rapid.String()).Draw(rt, "metadata")
		for _, p := range []string{path, again} {
			if err := tensorfile.Write(p, want, metadata); err != nil {
				rt.Fatal(err)
			}
		}
		got, err := tensorfile.Read(path)
		if err != nil {
			rt.Fatal(err)
		}
		for name, x := range want { // rapid may draw nil dims for a scalar
			if len(x.Dims) == 0 {
				x.Dims = nil
				want[name] = x
			}
		}
		if diff := cmp.Diff(&tensorfile.File{Tensors: want, Metadata: metadata}, got); diff != "" {
			rt.Fatal(diff)
		}
		a, errA := os.ReadFile(path)
		b, errB := os.ReadFile(again)
		if errA != nil || errB != nil || string(a) != string(b) {
			rt.Fatal("two writes of the same content differ")
		}
	})
	if left := list(t, dir); len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
}

func list(t *testing.T, dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func FuzzDecode(f *testing.F) {
	for _, file := range []string{"full-n1", "full-keymask-none-valid"} {
		data, err := os.ReadFile(filepath.Join("testdata", file+".safetensors"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(fileOf(`{"q":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}}`, 2))
	f.Add(fileOf(`{"q":{"dtype":"I64","shape":[2,0],"data_offsets":[0,0]}}`, 0))
	f.Add(fileOf(`{"__metadata__":null,"q":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1))
	path := filepath.Join(f.TempDir(), "x.safetensors")
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := tensorfile.Decode(data)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("not one line: %q", err)
			}
			return
		}
		if err := tensorfile.Write(path, file.Tensors, file.Metadata); err != nil {
			t.Fatal(err)
		}
		again, err := tensorfile.Read(path)
		if err != nil || cmp.Diff(file, again) != "" {
			t.Fatalf("changed by writing and reading: %v %s", err, cmp.Diff(file, again))
		}
	})
}
