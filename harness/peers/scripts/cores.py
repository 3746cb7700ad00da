"""The attention cores of Python libraries, fed with queries, keys and values directly.

A core is a function that takes a Config and returns (prep, call, post): prep turns tensors [b, h, n, d] into the
library's own layout, untimed; call computes, timed; post turns its result into [b, h, n, e], untimed.
"""
import json
import os

import adapter
from adapter import Skip

CORES = {}


def core(name, packages="torch", numpy=False, compiles=False, smallest=1):
    def keep(f):
        CORES[name] = (f, packages.split(), numpy, compiles, smallest)
        return f
    return keep


class Config:
    """A request, with options as numbers where they are."""

    def __init__(self, r):
        self.n, self.d, self.heads, self.batch = r["n"], r["d"], r["heads"], r["batch"]
        self.causal, self.threads, self.dtype, self.pas = r["causal"], r["threads"], r["dtype"], r["pass"]
        self.options, self.side = r["options"], {}
        self.learned = []  # tensors that have gradients beside q, k and v

    def number(self, name):
        return int(self.options[name])

    def given(self, name, make):
        """A side input, or a drawn one in the warm-up, which has none."""
        return self.side[name] if name in self.side else make()


def build(request):
    name = request["peer"]
    if name not in CORES:
        raise Skip(f"this adapter has no peer {name}: check the declaration's name")
    if request["n"] != request["s"] or request["d"] != request["e"]:
        raise Skip("it takes queries, keys and values of one shape")
    f, packages, numpy, compiles, smallest = CORES[name]
    if request["n"] < smallest:
        raise Skip(f"n = {request['n']} is below its smallest length, {smallest}")
    for p in packages:
        __import__(p)
    return (NumpyCore if numpy else TorchCore)(request, f, packages, compiles, smallest)


class Core:
    def __init__(self, request, f, packages, compiles, smallest):
        self.request, self.f, self.packages, self.compiles = request, f, packages, compiles
        self.smallest = smallest

    def versions(self):
        from importlib import metadata
        names = [adapter.pin(p).split("==")[0] for p in self.packages]
        return ", ".join(f"{n} {metadata.version(n)}" for n in names)

    def config(self, n=None):
        c = Config(self.request)
        c.n = n or c.n
        return c

    def warm(self):
        """Pages code in and starts threads, at a small length where the library can do it. Compiled code is made
        for one length."""
        if self.compiles:
            return
        n = self.request["n"]
        try:
            self.once(max(self.smallest, min(n, 256 if n <= 512 else 512)))
        except Exception:
            self.once(n)


class TorchCore(Core):
    def warm(self):
        import torch
        torch.set_num_threads(self.request["threads"])
        super().warm()

    def once(self, n):
        import torch
        c = self.config(n)
        x = [torch.randn(c.batch, c.heads, n, c.d, dtype=self.dtype()) for _ in range(3)]
        self.bind(c, x, torch.ones_like(x[2]))[0]()

    def dtype(self):
        import torch
        return torch.bfloat16 if self.request["dtype"] == "bf16" else torch.float32

    def tensor(self, stored):
        import torch
        kind, shape, data = stored
        t = torch.frombuffer(bytearray(data), dtype={"F32": torch.float32, "I64": torch.int64}[kind])
        return t.reshape(shape)

    def prepare(self, inputs, side):
        import torch
        c = self.config()
        c.side = {k: self.tensor(v) for k, v in side.items()}
        x = [self.tensor(inputs[k]).to(self.dtype()) for k in "qkv"]
        dout = self.tensor(inputs["dout"]).to(self.dtype()) if "dout" in inputs else torch.ones_like(x[2])
        call, outputs = self.bind(c, x, dout)
        if self.compiles:
            call()
        return call, outputs

    def bind(self, c, x, dout):
        """Returns a call without arguments and what gives its outputs."""
        import torch
        prep, call, post = self.f(c)
        args, last = prep(*x), {}

        def forward():
            with torch.no_grad():
                last["out"] = call(*args)
        if c.pas == "forward":
            return forward, lambda: {"out": stored(post(last["out"]))}
        leaves = [t.detach().requires_grad_(True) for t in args]
        wanted = leaves + c.learned

        def graph():
            last["out"] = call(*leaves)
            last["flat"] = post(last["out"])

        def backward():
            last["grads"] = torch.autograd.grad(last["flat"], wanted, dout, retain_graph=c.pas == "backward",
                                                allow_unused=True)

        def both():
            graph()
            backward()
        graph()
        return (both if c.pas == "both" else backward), lambda: self.outputs(prep, x, last)

    def outputs(self, prep, x, last):
        """The output and the gradients, brought back from the library's layout."""
        import torch
        x = [t.detach().requires_grad_(True) for t in x]
        pairs = [(a, g) for a, g in zip(prep(*x), last["grads"]) if g is not None]
        grads = torch.autograd.grad([a for a, _ in pairs], x, [g for _, g in pairs], allow_unused=True)
        found = {"d" + k: stored(torch.zeros_like(t) if g is None else g) for k, g, t in zip("qkv", grads, x)}
        return dict(found, out=stored(last["flat"]))


def stored(t):
    """A tensor as adapter.save takes it."""
    return tuple(t.shape), t.detach().float().contiguous().numpy().tobytes()


class NumpyCore(Core):
    def once(self, n):
        import numpy as np
        c = self.config(n)
        prep, call, _ = self.f(c)
        call(*prep(*[np.random.standard_normal((c.batch, c.heads, n, c.d)).astype(np.float32) for _ in range(3)]))

    def prepare(self, inputs, side):
        import numpy as np
        if self.request["pass"] != "forward" or self.request["dtype"] != "f32":
            raise Skip("it computes forward in f32 only")
        c = self.config()
        prep, call, post = self.f(c)
        args = prep(*[np.frombuffer(inputs[k][2], np.float32).reshape(inputs[k][1]) for k in "qkv"])
        last = {}

        def forward():
            last["out"] = call(*args)

        def outputs():
            out = np.ascontiguousarray(post(last["out"]), dtype=np.float32)
            return {"out": (out.shape, out.tobytes())}
        return forward, outputs


def same(x):
    return x


def ident(q, k, v):
    return q, k, v


def flat(x):
    """[b, h, n, d] -> [b, n, h·d]"""
    b, h, n, d = x.shape
    return x.transpose(1, 2).reshape(b, n, h * d).contiguous()


def heads(c):
    """[b, n, h·d] -> [b, h, n, d]"""
    return lambda o: o.reshape(c.batch, c.n, c.heads, c.d).transpose(1, 2)


def feed(count):
    """Stand-ins for a module's linear layers: each hands out the tensor it was given."""
    import torch

    class Feed(torch.nn.Module):
        t = None

        def forward(self, x):
            return self.t
    return [Feed() for _ in range(count)]


# Exact attention.


@core("torch-sdpa")
def torch_sdpa(c):
    import torch.nn.functional as F
    return ident, lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=c.causal), same


@core("torch-eager")
def torch_eager(c):
    import torch
    hidden = torch.ones(c.n, c.n, dtype=torch.bool).triu(1) if c.causal else None

    def call(q, k, v):
        s = (q @ k.transpose(-1, -2)) * c.d ** -0.5
        if hidden is not None:
            s = s.masked_fill(hidden, float("-inf"))
        return s.softmax(-1) @ v
    return ident, call, same


def onnx_session(c):
    import onnx
    from onnx import helper as H, TensorProto as T
    import onnxruntime as ort
    wide = c.heads * c.d

    def io(name, shape, kind=T.FLOAT):
        return H.make_tensor_value_info(name, kind, shape)
    ins = [io(x, [c.batch, c.n, wide]) for x in "qkv"]
    outs = [io("o", [c.batch, c.n, wide])]
    if not c.causal:
        node = H.make_node("MultiHeadAttention", ["q", "k", "v"], ["o"], domain="com.microsoft", num_heads=c.heads)
    else:
        node = H.make_node("GroupQueryAttention", ["q", "k", "v", "", "", "sl", "tl"], ["o", "pk", "pv"],
                           domain="com.microsoft", num_heads=c.heads, kv_num_heads=c.heads)
        ins += [io("sl", [c.batch], T.INT32), io("tl", [1], T.INT32)]
        outs += [io(x, [c.batch, c.heads, c.n, c.d]) for x in ("pk", "pv")]
    model = H.make_model(H.make_graph([node], "g", ins, outs),
                         opset_imports=[H.make_opsetid("", 17), H.make_opsetid("com.microsoft", 1)])
    model.ir_version = 8
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = c.threads, 1, 3
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


@core("ort-mha", "onnx onnxruntime numpy", numpy=True)
def ort_mha(c):
    import numpy as np
    session = onnx_session(c)
    extra = {}
    if c.causal:
        extra = {"sl": np.full([c.batch], c.n - 1, np.int32), "tl": np.array([c.n], np.int32)}

    def prep(*x):
        return [np.ascontiguousarray(t.transpose(0, 2, 1, 3)).reshape(c.batch, c.n, -1) for t in x]

    def call(q, k, v):
        return session.run(["o"], {"q": q, "k": k, "v": v, **extra})[0]
    return prep, call, lambda o: o.reshape(c.batch, c.n, c.heads, c.d).transpose(0, 2, 1, 3)


@core("ort-unfused", "onnx onnxruntime numpy", numpy=True)
def ort_unfused(c):
    os.environ["ORT_DISABLE_FLASH_ATTENTION"] = "1"
    return ort_mha(c)


# Compressed keys.


def projections(c):
    import torch
    k = c.number("k")
    return [c.given(x, lambda: torch.randn(k, c.n) / k ** 0.5).to(torch.float32) for x in ("proj_k", "proj_v")]


def learn(c, *tensors):
    """Projections are learned, and their gradients part of backward, unless the options freeze them."""
    if c.pas != "forward" and c.options["frozen"] == "false":
        c.learned += [t.requires_grad_(True) for t in tensors]


@core("linformer-gemm")
def linformer_gemm(c):
    import torch
    import torch.nn.functional as F
    E, V = [x.contiguous() for x in projections(c)]
    learn(c, E, V)
    E, V = [x[None].expand(c.batch, -1, -1) for x in (E, V)]

    def split(x):
        return x.view(c.batch, -1, c.heads, c.d).transpose(1, 2)
    return (lambda q, k, v: (q, flat(k), flat(v))), \
        (lambda q, k, v: F.scaled_dot_product_attention(q, split(torch.bmm(E, k)), split(torch.bmm(V, v)))), same


@core("linformer-lucidrains", "torch linformer")
def linformer_lucidrains(c):
    import torch
    from linformer.linformer import LinformerSelfAttention
    m = LinformerSelfAttention(c.heads * c.d, c.n, k=c.number("k"), heads=c.heads)
    feeds = feed(3)
    m.to_q, m.to_k, m.to_v = feeds
    m.to_out = torch.nn.Identity()
    E, V = projections(c)
    m.proj_k = torch.nn.Parameter(E.t().contiguous(), requires_grad=False)
    m.proj_v = torch.nn.Parameter(V.t().contiguous(), requires_grad=False)
    learn(c, m.proj_k, m.proj_v)

    def call(*x):
        for f, t in zip(feeds, x):
            f.t = t
        return m(x[0])
    return (lambda *x: [flat(t) for t in x]), call, heads(c)


@core("nystrom-lucidrains", "torch nystrom_attention")
def nystrom(c):
    import torch
    from nystrom_attention import NystromAttention
    landmarks, wide = c.number("landmarks"), c.heads * c.d
    if c.n % landmarks:
        raise Skip(f"n = {c.n} is no multiple of {landmarks} landmarks, which the library needs: it would pad")
    m = NystromAttention(wide, c.d, c.heads, num_landmarks=landmarks, pinv_iterations=c.number("iterations"),
                         residual=False).eval()
    feeds = feed(1)
    m.to_qkv, m.to_out = feeds[0], torch.nn.Identity()

    def prep(q, k, v):
        return [torch.cat([flat(q), flat(k), flat(v)], -1)]

    def call(qkv):
        feeds[0].t = qkv
        return m(qkv[..., :wide])
    return prep, call, heads(c)


# Feature maps.


def positive(x):
    """elu(x) + 1."""
    import torch.nn.functional as F
    return F.elu(x) + 1


EPS = 1e-6  # of denominators


@core("linear-torch")
def linear_torch(c):
    import torch

    def call(q, k, v):
        q, k = positive(q), positive(k)
        kv = torch.einsum("bhnd,bhne->bhde", k, v)
        z = 1 / (torch.einsum("bhnd,bhd->bhn", q, k.sum(-2)) + EPS)
        return torch.einsum("bhnd,bhde,bhn->bhne", q, kv, z)
    return ident, call, same


@core("linear-fast-transformers", "torch fast_transformers")
def linear_fast_transformers(c):
    import torch
    from fast_transformers.causal_product import causal_dot_product

    def call(q, k, v):
        q, k = positive(q), positive(k)
        z = 1 / (torch.einsum("bhnd,bhnd->bhn", q, k.cumsum(2)) + EPS)
        return causal_dot_product(q, k, v) * z[..., None]
    return ident, call, same


@core("performer-pytorch", "torch performer_pytorch")
def performer(c):
    from performer_pytorch import FastAttention
    m = FastAttention(dim_heads=c.d, nb_features=c.number("features"))
    if "omega" in c.side:
        omega = c.side["omega"]
        m.projection_matrix.copy_(omega if omega.dim() == 2 else omega[0])
    return ident, m, same


# Hashing. Queries serve as keys: k is not used.


@core("reformer-pytorch", "torch reformer_pytorch")
def reformer(c):
    import torch
    from reformer_pytorch.reformer_pytorch import LSHAttention
    chunk = c.number("chunk")
    if c.n % (2 * chunk):
        raise Skip(f"n = {c.n} is no multiple of two chunks of {chunk}, which the library needs")
    torch.manual_seed(3)
    m = LSHAttention(bucket_size=chunk, n_hashes=c.number("rounds"), causal=c.causal).eval()

    def prep(q, k, v):
        return [t.reshape(-1, c.n, c.d) for t in (q, v)]
    return prep, lambda q, v: m(q, v)[0], lambda o: o.view(c.batch, c.heads, c.n, c.d)


# Patterns.


def one_side(c):
    return c.number("window") // 2


@core("longformer-hf", "torch transformers")
def longformer_hf(c):
    import torch
    from transformers import LongformerConfig
    from transformers.models.longformer.modeling_longformer import LongformerSelfAttention
    w = one_side(c)
    if c.n % (2 * w):
        raise Skip(f"n = {c.n} is no multiple of the window, {2 * w}, which the library needs: it would pad")
    settings = LongformerConfig(hidden_size=c.heads * c.d, num_attention_heads=c.heads, attention_window=[2 * w],
                                num_hidden_layers=1, attention_probs_dropout_prob=0.0)
    m = LongformerSelfAttention(settings, 0).eval()
    feeds = feed(3)
    m.query, m.key, m.value = feeds
    mask = torch.zeros(c.batch, c.n)
    no = torch.zeros(c.batch, c.n, dtype=torch.bool)
    hidden = torch.empty(c.batch, c.n, c.heads * c.d)

    def call(q, k, v):
        for f, t in zip(feeds, (q.clone(), k, v)):  # it scales q in place
            f.t = t
        return m(hidden, attention_mask=mask, is_index_masked=no, is_index_global_attn=no,
                 is_global_attn=False)[0]
    return (lambda *x: [flat(t).transpose(0, 1).contiguous() for t in x]), call, heads(c)


@core("local-attention", "torch local_attention")
def local_attention(c):
    from local_attention import LocalAttention
    w = one_side(c)
    if c.n % w:
        raise Skip(f"n = {c.n} is no multiple of {w}, half the window, which the library needs")
    m = LocalAttention(window_size=w, causal=c.causal, look_backward=1, look_forward=0 if c.causal else 1,
                       exact_windowsize=True, use_rotary_pos_emb=False).eval()
    return ident, m, same


@core("flex-window", compiles=True)
def flex_window(c):
    import torch
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention
    w = one_side(c)

    def band(b, h, i, j):
        return (i - j <= w) & ((j <= i) if c.causal else (j - i <= w))
    mask = create_block_mask(band, None, None, c.n, c.n, device="cpu")
    f = compiled(flex_attention)
    return ident, lambda q, k, v: f(q, k, v, block_mask=mask), same


def compiled(f):
    import shutil
    import torch
    if not any(shutil.which(x) for x in ("g++", "clang++", os.environ.get("CXX", "g++"))):
        raise Skip("torch.compile needs a C++ compiler: install g++")
    return torch.compile(f, dynamic=False)


@core("flex-bigbird", compiles=True)
def flex_bigbird(c):
    import torch
    from torch.nn.attention.flex_attention import BlockMask, flex_attention
    block = c.number("block")
    if block % 16:
        raise Skip(f"block = {block} is no multiple of 16, which the compiled kernel needs")
    n = c.n // block
    seen = torch.zeros(c.heads, n, n, dtype=torch.bool)
    for i in range(n):
        seen[:, i, max(0, i - 1):i + 2] = True
    if "random_blocks" in c.side:
        seen[:, 1:-1].scatter_(2, c.side["random_blocks"], True)
    seen[:, [0, -1]] = True
    seen[:, :, [0, -1]] = True
    count = seen.sum(-1, dtype=torch.int32)[None].expand(c.batch, -1, -1).contiguous()
    index = torch.argsort(seen.int(), dim=-1, descending=True, stable=True).to(torch.int32)[None]
    index = index.expand(c.batch, -1, -1, -1).contiguous()
    mask = BlockMask.from_kv_blocks(torch.zeros_like(count), torch.zeros_like(index), count, index, BLOCK_SIZE=block,
                                    seq_lengths=(c.n, c.n))
    f = compiled(flex_attention)
    return ident, lambda q, k, v: f(q, k, v, block_mask=mask), same


@core("bigbird-hf", "torch transformers", smallest=512)
def bigbird_hf(c):
    import torch
    from transformers import BigBirdConfig
    from transformers.models.big_bird.modeling_big_bird import BigBirdBlockSparseAttention, BigBirdModel
    block, r = c.number("block"), c.number("random")
    settings = BigBirdConfig(hidden_size=c.heads * c.d, num_attention_heads=c.heads, block_size=block,
                             num_random_blocks=r, attention_type="block_sparse",
                             max_position_embeddings=max(4096, c.n), use_bias=False)
    m = BigBirdBlockSparseAttention(settings, seed=11).eval()
    blocked, band, rows, columns = BigBirdModel.create_masks_for_block_sparse_attn(torch.ones(c.batch, c.n), block)

    def call(q, k, v):
        return m.bigbird_block_sparse_attention(
            q, k, v, band, rows, columns, blocked, blocked, c.heads, r, c.d, block, block, c.batch, c.n, c.n, seed=11,
            plan_from_length=None, plan_num_rand_blocks=None, output_attentions=False)[0]
    return ident, call, lambda o: o.transpose(1, 2)
