/*
 * style_file.h: files of style transfer nets of other projects. What a file is, its first bytes
 * say.
 *
 *     ONNX         a graph of the layers that onnx_net.h knows; also what brushcast-export writes
 *     PyTorch      .pth, a dictionary of the tensors of pytorch/examples' fast_neural_style: a zip
 *                  or, before version 1.6, pickles and storages one after the other
 *     ncnn         .bin of the same net, as ncnn-android-styletransfer has them
 */
#ifndef BC_IMPORT_STYLE_FILE_H
#define BC_IMPORT_STYLE_FILE_H

#include "import/draft.h"

/*
 * Reads a file's bytes into `draft`, which takes and gives pixels from 0 to 1 then. `range` is what
 * the file's net takes and gives at most, 1 or 255; 0: what the graph says, or else 255. The draft
 * is closed by bc_draft_close, also after a failure; messages call the file `path`.
 */
bc_status bc_style_file_read(bc_draft *draft, const void *bytes, size_t size, int range,
                             const char *path, const bc_log *log);

/* The same of the file at `path`. */
bc_status bc_style_file_open(bc_draft *draft, const char *path, int range, const bc_log *log);

#endif
