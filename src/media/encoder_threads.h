/*
 * encoder_threads.h (private): bounds the threads of an encoder. Most ask the context; libx265
 * keeps a pool of one thread for each processor beside its frames, and libsvtav1 as many as it
 * likes, unless their own parameters say less.
 */
#ifndef BC_MEDIA_ENCODER_THREADS_H
#define BC_MEDIA_ENCODER_THREADS_H

#include <libavcodec/avcodec.h>

/*
 * Sets up the context, which is not open yet, and adds to its options: n_threads, or as many as the
 * encoder takes; 0: as it likes. What the options say of threads already stays.
 */
void bc_encoder_threads_set(AVCodecContext *context, AVDictionary **options, int n_threads);

#endif
