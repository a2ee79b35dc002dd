/*
 * webvtt.h (private): WebVTT subtitles as Matroska defines them, S_TEXT/WEBVTT, which mkvmerge
 * writes. FFmpeg knows only WebM's older way, so that such a stream would have no codec.
 */
#ifndef BC_MEDIA_WEBVTT_H
#define BC_MEDIA_WEBVTT_H

#include <libavformat/avformat.h>

/* Gives such streams of an opened input their codec. */
void bc_webvtt_find(AVFormatContext *input);

/* Moves a cue's settings and identifier to where FFmpeg's muxers look for them. FFmpeg's error or
 * 0. */
int bc_webvtt_complete(AVPacket *packet);

#endif
