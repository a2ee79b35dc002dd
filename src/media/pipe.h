/*
 * pipe.h (private): named pipes, stdin and stdout as FFmpeg's I/O that can be stopped. FFmpeg's
 * own blocks in open, read and write for as long as nobody is at the other end.
 */
#ifndef BC_MEDIA_PIPE_H
#define BC_MEDIA_PIPE_H

#include <libavformat/avio.h>
#include <stdbool.h>

/* Whether the name is a named pipe's, "-" or "pipe:N". */
bool bc_pipe_is(const char *name);

/*
 * Opens the pipe to read or to write, and waits for somebody at the other end. Whenever
 * `interrupt` says so this and all waiting ends with AVERROR_EXIT. An AVERROR on failure.
 */
int bc_pipe_open(AVIOContext **io, const char *name, bool writes, const AVIOInterruptCB *interrupt);
/* Writes what is left. Takes NULL and pointers to NULL. An AVERROR on failure. */
int bc_pipe_close(AVIOContext **io);

#endif
