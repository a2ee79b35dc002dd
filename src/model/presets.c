#include "model/presets.h"

#include <stddef.h>
#include <string.h>

static const char stylebank[] = "encoder.0 conv 9 8 stride=2 norm relu\n"
                                "encoder.1 conv 3 16 stride=2 norm relu\n"
                                "encoder.2 conv 3 32 norm relu\n"
                                "bank.0 conv 3 32 norm=style relu weights=style\n"
                                "bank.1 conv 3 32 norm=style relu weights=style\n"
                                "bank mix\n"
                                "decoder.0 conv 3 16 norm relu\n"
                                "decoder.1 conv 3 8 up=subpixel norm relu\n"
                                "decoder.2 conv 5 3 up=subpixel";

#define RESIDUAL_BLOCK(name, input, norm)                                                          \
    name ".1 conv 3 128 pad=reflect " norm " relu\n" name ".2 conv 3 128 pad=reflect " norm        \
         "\n" name " add " input " " name ".2\n"

#define RESIDUAL_NET(norm)                                                                         \
    "conv1 conv 9 32 pad=reflect " norm " relu\n"                                                  \
    "conv2 conv 3 64 stride=2 pad=reflect " norm " relu\n"                                         \
    "conv3 conv 3 128 stride=2 pad=reflect " norm                                                  \
    " relu\n" RESIDUAL_BLOCK("res1", "conv3", norm) RESIDUAL_BLOCK("res2", "res1", norm)           \
        RESIDUAL_BLOCK("res3", "res2", norm) RESIDUAL_BLOCK("res4", "res3", norm)                  \
            RESIDUAL_BLOCK("res5", "res4", norm) "deconv1 conv 3 64 up=nearest " norm " relu\n"    \
                                                 "deconv2 conv 3 32 up=nearest " norm " relu\n"    \
                                                 "deconv3 conv 9 3 pad=reflect"

static const char johnson[] = RESIDUAL_NET("norm");
static const char cin[] = RESIDUAL_NET("norm=style");

static const char deep[] = "encoder.0 conv 9 16 stride=2 norm relu\n"
                           "encoder.1 conv 3 32 stride=2 norm relu\n"
                           "encoder.2 conv 3 64 stride=2 norm relu\n"
                           "canvas canvas 8 stride=8\n"
                           "grain conv 1 64 norm=style\n"
                           "ground add encoder.2 grain\n"
                           "shared.0 conv 3 64 norm relu\n"
                           "shared.1 conv 3 64 norm\n"
                           "shared add ground shared.1\n"
                           "bank.0 conv 3 64 norm=style relu weights=style\n"
                           "bank.1 conv 3 64 norm=style weights=style\n"
                           "bank.2 add shared bank.1\n"
                           "bank.3 conv 3 64 norm=style relu weights=style\n"
                           "bank.4 conv 3 64 norm=style weights=style\n"
                           "bank.5 add bank.2 bank.4\n"
                           "bank mix\n"
                           "decoder.0 conv 3 32 up=subpixel norm=style relu\n"
                           "skip add decoder.0 encoder.1\n"
                           "fine.canvas canvas 8 stride=4\n"
                           "fine.grain conv 1 32 norm=style\n"
                           "fine add skip fine.grain\n"
                           "decoder.1 conv 3 16 up=subpixel norm=style relu\n"
                           "decoder.2 conv 5 3 up=subpixel";

const char *bc_preset_text(const char *name)
{
    static const struct {
        const char *name, *text;
    } presets[] = {{"stylebank", stylebank}, {"cin", cin}, {"johnson", johnson}, {"deep", deep}};
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        if (strcmp(presets[i].name, name) == 0)
            return presets[i].text;
    }
    return NULL;
}
