"""Brushcast for Python: numpy pictures in, numpy pictures out, by cffi over the installed brushcast.h.

    painter = Painter(style="scream")        # a name, or a blend: "scream:2,great-wave"
    painting = painter.paint(picture)        # uint8 [height, width, 3], RGB (OpenCV: bgr=True and 4 channels)
"""
import re
import subprocess

import cffi
import numpy

STRENGTH, KEEP_COLORS, STABILIZE, SCALE, FADE = range(5)
NO_TIME = -2**63


def _declarations(header):
    """brushcast.h without what cffi's parser does not know: comments, the preprocessor, C++, attributes."""
    text = re.sub(r"/\*.*?\*/", "", open(header).read(), flags=re.S)
    text = re.sub(r'#ifdef __cplusplus.*?#endif', "", text, flags=re.S)
    text = re.sub(r"^#(?:.*\\\n)*.*$", "", text, flags=re.M)
    return text.replace("BC_API ", "")


def _installed_header():
    folder = subprocess.run(["pkg-config", "--variable=includedir", "brushcast"], capture_output=True, text=True)
    return (folder.stdout.strip() or "/usr/include") + "/brushcast.h"


class Painter:
    """Pictures, or with stream=True the frames of a video in order; errors are exceptions with the library's own words."""

    def __init__(self, net=None, style=None, stream=False, header=None, library="libbrushcast.so.0"):
        self.ffi = cffi.FFI()
        self.ffi.cdef(_declarations(header or _installed_header()))
        self.c = self.ffi.dlopen(library)
        self._keep = [self.ffi.callback("void(void *, bc_log_level, const char *)", self._take_message)]
        params = self.ffi.new("bc_painter_params *", {"size": self.ffi.sizeof("bc_painter_params")})
        params.log.write = self._keep[0]
        if stream:
            params.stats, params.precision = self.c.BC_STATS_STREAM, self.c.BC_PRECISION_FAST
        if net:
            self._keep.append(self.ffi.new("char[]", net.encode()))
            params.net = self._keep[-1]
        self._handle = self.ffi.new("bc_painter **")
        self._check(self.c.bc_painter_open(self._handle, params))
        if style:
            self.set_style(style)

    def _take_message(self, cookie, level, message):
        self.message = self.ffi.string(message).decode(errors="replace")

    def _check(self, status):
        if status < 0:
            raise RuntimeError(getattr(self, "message", self.ffi.string(self.c.bc_status_text(status)).decode()))

    def set_style(self, blend):
        self._check(self.c.bc_painter_set_style(self._handle[0], blend.encode()))

    def set(self, setting, value):
        self._check(self.c.bc_painter_set(self._handle[0], setting, value))

    def _view(self, picture, bgr):
        height, width, channels = picture.shape
        name = {3: "BC_RGB24", 4: "BC_BGRA32" if bgr else "BC_RGBA32"}[channels]
        pixels = self.ffi.cast("uint8_t *", picture.ctypes.data)
        return self.ffi.new("bc_image *", {"pixels": pixels, "stride_bytes": picture.strides[0], "width": width,
                                           "height": height, "format": getattr(self.c, name)})

    def paint(self, picture, time_us=NO_TIME, cut=False, bgr=False):
        source = numpy.ascontiguousarray(picture, numpy.uint8)
        painting = numpy.empty_like(source)
        self._check(self.c.bc_painter_run(self._handle[0], self._view(source, bgr), self._view(painting, bgr),
                                          time_us, 1 if cut else 0))
        return painting

    def close(self):
        self.c.bc_painter_close(self._handle)
