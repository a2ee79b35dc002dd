/*
 * picture.h: picture files. Threads: any.
 */
#ifndef BC_MEDIA_PICTURE_H
#define BC_MEDIA_PICTURE_H

#include "frame/frame.h"

typedef enum bc_alpha {
    BC_ALPHA_OVER_WHITE, /* transparent parts are composed over white: always BC_RGB24 */
    BC_ALPHA_KEEP        /* BC_RGBA32 (not premultiplied) if the file has alpha, else BC_RGB24 */
} bc_alpha;

/*
 * Reads a picture of any format that FFmpeg decodes (JPEG, PNG, WebP, TIFF, BMP, GIF...; of several
 * frames the first) into a packed frame of the caller's. It is upright: EXIF orientation is
 * applied. Deeper samples are rounded to 8 bits. Fails for a file that is cut: what a decoder makes
 * of the missing part is no picture.
 */
bc_status bc_picture_read(bc_frame **picture, const char *path, bc_alpha alpha, const bc_log *log);

/*
 * Writes a line of text at the bottom left of the image. `text` is letters, digits, '-' and '_'.
 * Fails where no font is installed.
 */
bc_status bc_picture_label(const bc_image *image, const char *text, const bc_log *log);

/*
 * Writes a picture whole or not at all: to a temporary name beside `path`, then renamed over it.
 * The extension chooses the format: .png (lossless), .jpg or .jpeg (quality 2 of 31, 4:4:4, alpha
 * composed over white), or any other that FFmpeg encodes. Overwrites.
 */
bc_status bc_picture_write(const char *path, const bc_image *image, const bc_log *log);

/* Whether bc_picture_write knows the format of `path`: to be asked before hours of work. */
bc_status bc_picture_check_name(const char *path, const bc_log *log);

#endif
