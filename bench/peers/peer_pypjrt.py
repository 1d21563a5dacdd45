"""pypjrt as a peer: PJRT from Python, through ctypes."""
from array import array
from importlib.metadata import version

import pypjrt
from adapter import PLUGIN, SIZES, expect, program, serve

F32 = pypjrt.typing.F32.code
_opened = []


def opened():
    """Client and device, made at the first request: there a start ends."""
    if not _opened:
        client = pypjrt.Client.create(PLUGIN)
        _opened.extend([client, client.lookup_device(0)])
    return _opened


def upload(values, dims):
    client, device = opened()
    return client.buffer_from_host(values, F32, dims, device)


def compiled(*shape):
    return opened()[0].compile(program(*shape))


def scalar(value):
    return upload(array("f", [value]), [])


def execute(num_args, num_outs):
    run = compiled(num_args, num_outs, 1)
    args = [scalar(i + 1) for i in range(num_args)]

    def operation():
        for out in run(*args):
            out.close()
    return operation


def round_trip():
    run = compiled(1, 1, 1)
    value = array("f", [0])
    result = array("f", [0])

    def operation():
        value[0] += 1
        up = upload(value, [])
        out, = run(up)
        out.to_host(result)
        expect(result[0], 2 * value[0])
        out.close()
        up.close()
    return operation


def up(num):
    values = array("f", bytes(4 * num))
    return lambda: upload(values, [num]).close()


def down(num):
    buffer = upload(array("f", bytes(4 * num)), [num])
    result = array("f", bytes(4 * num))
    return lambda: buffer.to_host(result)


ROWS = {"execute: await": lambda: execute(2, 1),
        "execute: 100 inputs, 100 outputs": lambda: execute(100, 100),
        "round trip: 4 B": round_trip}
for name in ("4 KB", "1 MB", "64 MB"):
    ROWS[f"upload: {name}"] = lambda n=SIZES[name]: up(n)
    ROWS[f"download: {name}"] = lambda n=SIZES[name]: down(n)
serve(version("pypjrt"), ROWS)
