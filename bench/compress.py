# SPDX-License-Identifier: Apache-2.0
"""compress.py gzip|gzip-members|zstd-frames INPUT OUT: gzip level 6, zstd level 1; members and frames are 1 MiB or so of whole lines."""
import sys
import zlib

BLOCK = 1 << 20


def whole_lines(path):
    with open(path, 'rb') as file:
        rest = b''
        while part := file.read(BLOCK):
            lines, newline, rest = (rest + part).rpartition(b'\n')
            if newline:
                yield lines + newline
        if rest:
            yield rest


def gzip_members(blocks):
    for block in blocks:
        yield zlib.compress(block, 6, wbits=31)


def gzip(blocks):
    stream = zlib.compressobj(6, wbits=31)
    for block in blocks:
        yield stream.compress(block)
    yield stream.flush()


def zstd_frames(blocks):
    import pyarrow
    codec = pyarrow.Codec('zstd', compression_level=1)
    for block in blocks:
        yield codec.compress(block, asbytes=True)


def main(how, source, out):
    make = {'gzip': gzip, 'gzip-members': gzip_members, 'zstd-frames': zstd_frames}[how]
    with open(out, 'wb') as file:
        for part in make(whole_lines(source)):
            file.write(part)


if __name__ == '__main__':
    main(*sys.argv[1:])
