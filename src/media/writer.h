/*
 * writer.h: encodes frames into whatever FFmpeg writes (files, pictures, numbered pictures, URLs,
 * devices) and copies the other streams of a reader bit for bit: sound, subtitles, attachments,
 * cover pictures, data, with chapters and metadata. Sound and text that the container cannot hold
 * are converted to what it can. It knows nothing about styles.
 *
 * Times are kept exactly where the container can hold them, variable rates too. The output carries
 * the matrix, range, primaries, transfer, chroma position and pixel aspect of the first frame.
 *
 * A local file is written under a temporary name beside its place and renamed when it is whole:
 * whatever happens, the real name holds the old file or the whole new one, unless partial files are
 * kept. URLs, pipes, devices and numbered pictures are written directly.
 *
 *     bc_writer *writer;
 *     bc_writer_open(&writer, "out.mp4", bc_reader_first(reader), reader, &params);
 *     bc_writer_frame(writer, frame), bc_writer_packet(writer, &packet) ...
 *     bc_writer_finish(writer);        // only now the file is there
 *     bc_writer_close(&writer);
 *
 * Threads: one at a time.
 */
#ifndef BC_MEDIA_WRITER_H
#define BC_MEDIA_WRITER_H

#include "media/parts.h"
#include "media/reader.h"
#include "media/streams.h"

typedef struct bc_writer bc_writer;

typedef struct bc_writer_params {
    const char *format;          /* of the container; NULL: by the name */
    const char *format_option;   /* with which a user says it, for messages, or NULL */
    const char *codec;           /* an encoder or a codec; NULL: what suits the container */
    const char *sound;           /* "copy", "none", an encoder or a codec; NULL: copied where the
                                    container can hold it, else what that prefers */
    const char *crf;             /* quality as the encoder counts it; NULL: visually lossless */
    const char *preset;          /* of the encoder; NULL: its own default */
    const char *encoder_options; /* "key=value:key=value", or NULL */
    const char *pixel_format; /* NULL: yuv420p, or what the encoder and the source have in common */
    bc_rational frame_rate;   /* where there is no reader to ask; {0, 0}: 30 */
    int n_threads;            /* of the encoder, unless encoder_options say it; 0: as it likes */
    bool overwrite;
    const char *temporary_folder; /* for the temporary file; NULL: beside the output */
    const bc_parts *parts; /* the coded frames go there instead, and all else is dropped; or NULL */
    int part, last_part;   /* of them, that are to be written; frames of others are dropped */
    bool is_deferred;      /* bc_writer_begin will be called */
    bool outlives_source;  /* sound is encoded, never copied, and there is silence where none comes,
                              so  that it goes on with the sound of other sources */
    bool keeps_partial; /* what there is once only: a file that cannot be finished keeps its name,
                           and plays to within a second of where it broke off */
    atomic_int *stop;   /* not 0: whatever waits for the other end is BC_ERR_INTERRUPTED; or NULL */
    bc_log log;
} bc_writer_params;

/*
 * Opens the output for frames like `first` and the other streams of `source` (NULL: no other
 * streams). A stream that the container cannot take is named in a warning and left out, and so is a
 * pixel format that has to be another one than was asked for. BC_ERR_IO if the file exists and may
 * not be overwritten, or if it is the input itself.
 */
bc_status bc_writer_open(bc_writer **writer, const char *url, const bc_frame *first,
                         const bc_reader *source, const bc_writer_params *params);

/*
 * The second half of opening where it was deferred: opens the place itself, which may wait for
 * somebody at the other end, and begins the file. Needs neither `first` nor `source` any more.
 */
bc_status bc_writer_begin(bc_writer *writer);

/* Drops what is not finished: a temporary file is deleted, but where partial ones are kept. */
void bc_writer_close(bc_writer **writer);

/* Encodes a frame as it is, converting it if its size or format is not the output's. */
bc_status bc_writer_frame(bc_writer *writer, const bc_frame *frame);

/* Takes the packet and sets it to NULL, on failure too. */
bc_status bc_writer_packet(bc_writer *writer, bc_packet **packet);

/*
 * From here on packets are those of another reader, whose streams are taken. Of a writer that
 * outlives its source: the best sound among them goes on as its first sound, everything else is
 * left out.
 */
void bc_writer_change_source(bc_writer *writer, bc_streams **streams);

/* Damage in the source behind the frame before, which is kept in the part at hand, as the frames'
 * own is. */
void bc_writer_add_damage(bc_writer *writer, int64_t n_damaged);

/* Writes what the encoder still holds and the end of the file, and gives the file its name; or so
 * the last part. */
bc_status bc_writer_finish(bc_writer *writer);

/* "libx264 yuv420p 1280x720 in mp4": for people; the writer's. */
const char *bc_writer_description(const bc_writer *writer);
/* Bits of a sample of what is encoded. */
int bc_writer_bits(const bc_writer *writer);
/* Whether what is encoded has alpha. */
bool bc_writer_has_alpha(const bc_writer *writer);
/* Whether a name's extension says a format that can hold pictures or video. */
bool bc_writer_knows_name(const char *name);
/* Whether it says one that holds pictures: single ones, GIF and APNG. */
bool bc_writer_is_picture(const char *name);
/* The temporary file's path, for a signal handler to delete, or NULL. */
const char *bc_writer_temporary(const bc_writer *writer);

#endif
