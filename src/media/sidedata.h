/*
 * sidedata.h (private): what describes the picture beside its pixels and still holds when it is
 * painted: captions, time codes, the active format, stereo views and spherical mappings, a colour
 * profile for RGB, which is what the painting's values are meant in too. What
 * speaks of the light (mastering, light levels) holds only where the light is the source's.
 */
#ifndef BC_MEDIA_SIDEDATA_H
#define BC_MEDIA_SIDEDATA_H

#include <libavformat/avformat.h>
#include <stdbool.h>

/* From a source's frame to the painted one, which keeps what it has. FFmpeg's error or 0. */
int bc_sidedata_copy_frame(AVFrame *target, const AVFrame *source);

/* From a source's stream to the painted one, as `container` can say it. `is_same_light`: no tone
 * mapping lies between. */
int bc_sidedata_copy_stream(AVStream *target, const AVStream *source,
                            const AVOutputFormat *container, bool is_same_light);

/* The name of the first kind that the stream carries and `container` does not write, or NULL. */
const char *bc_sidedata_lost(const AVStream *stream, const AVOutputFormat *container);

bool bc_sidedata_has_captions(const AVFrame *av);
/* Whether it has a colour profile, and for RGB, not for grey or printing inks. */
bool bc_sidedata_has_rgb_profile(const AVFrame *av);
/* Whether a painting of the frame has its colour profile when `codec` has encoded it. */
bool bc_sidedata_keeps_profile(const AVFrame *av, enum AVCodecID codec);

#endif
