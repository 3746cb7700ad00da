"""Adapter of Python libraries: the protocol of package attnbench/harness/peers on standard input and output.

What a library computes is in cores.py. Nothing but the standard library is needed to refuse politely.
"""
import gc
import json
import os
import sys
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))


def pin(package):
    """What to install for an importable package: a line of requirements.txt."""
    name = package.replace("_", "-")
    with open(os.path.join(FOLDER, "requirements.txt")) as f:
        return next((line.strip("# \n") for line in f if line.strip("# ").split("==")[0] in (name, "pytorch-" + name)), name)


class Skip(Exception):
    """The peer cannot do what was asked."""


def load(path):
    """Reads a tensor file: name -> (type, shape, bytes)."""
    with open(path, "rb") as f:
        size = int.from_bytes(f.read(8), "little")
        header = json.loads(f.read(size))
        data = f.read()
    header.pop("__metadata__", None)
    return {k: (v["dtype"], v["shape"], data[slice(*v["data_offsets"])]) for k, v in header.items()}


def save(path, tensors):
    """Writes name -> (shape, little-endian float32 bytes)."""
    header, at = {}, 0
    for name, (shape, data) in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        for _, data in tensors.values():
            f.write(data)


def memory(key):
    """A line of /proc/self/status in bytes; None where there is none."""
    try:
        with open("/proc/self/status") as f:
            for line in f:
                if line.startswith(key + ":"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
        return memory("VmRSS")
    except OSError:
        return None


def trim():
    """Gives freed memory back, so that the first call's appetite shows: glibc keeps what the warm-up freed."""
    try:
        import ctypes
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        pass


def limit_memory(more):
    """Makes an allocation past the limit an error here rather than the end of the whole run."""
    try:
        import resource
        have = memory("VmSize")
        if more and have:
            resource.setrlimit(resource.RLIMIT_AS, (have + more, have + more))
    except (ImportError, OSError, ValueError):
        pass


def settle():
    """Waits until no thread of this process spins any more: libraries' workers do for a while. One that spins may
    have to wait for a CPU itself, so several quiet spells in a row are asked for."""
    end, quiet = time.monotonic() + 2, 0
    while quiet < 3 and time.monotonic() < end:
        before = time.process_time()
        time.sleep(0.003)
        quiet = quiet + 1 if time.process_time() - before < 0.0006 else 0


class Served:
    """One request."""

    def __init__(self, request):
        import cores
        self.core = cores.build(request)
        self.core.warm()
        limit_memory(request["memory"])
        inputs = load(request["inputs"])
        side = load(request["side"]) if request.get("side") else {}
        self.call, self.outputs = self.core.prepare(inputs, side)
        self.path = request["output"]
        del inputs, side
        gc.collect()
        trim()
        settle()

    def go(self, calls):
        base = reset_peak()
        call = self.call
        start = time.perf_counter_ns()
        for _ in range(calls):
            call()
        took = time.perf_counter_ns() - start
        peak = memory("VmHWM")
        settle()
        return f"{max(1, took)} {'-' if base is None or peak is None else max(0, peak - base)}"

    def output(self):
        save(self.path, self.outputs())
        settle()
        return "done"


def answer(line, served):
    """Answers one line; returns the answer and what is served from now on."""
    if line.startswith("{"):
        served = Served(json.loads(line))
        return "ready " + served.core.versions(), served
    word, _, rest = line.partition(" ")
    if word == "go":
        return served.go(int(rest or 1)), served
    if word == "output":
        return served.output(), served
    raise ValueError(f"no such question: {word}")


def main():
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print: not among the answers
    served = None
    for line in sys.stdin:
        line = line.strip()
        if line == "quit":
            break
        try:
            text, served = answer(line, served)
        except Skip as e:
            text = f"skip {e}"
        except ImportError as e:
            package = (e.name or "?").split(".")[0]
            text = f"skip needs python package {package}: pip install {pin(package)}"
        except Exception as e:
            text = f"fail {type(e).__name__}: {e}"
        out.write(" ".join(text.split())[:2000] + "\n")
        out.flush()
    out.close()
    os._exit(0)  # some libraries' threads make a slow goodbye


if __name__ == "__main__":
    import adapter  # the module that cores.py imports too: its Skip must be the one that is caught
    adapter.main()
