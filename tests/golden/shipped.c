/*
 * The shipped nets of format 1 paint the samples as they did when they were trained, bit for bit:
 * hashes of exact paintings by the C code, which rounds alike everywhere. Samples that this FFmpeg
 * decodes to other pixels are passed over, by name.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "frame/frame.h"
#include "media/picture.h"
#include "test.h"

enum { N_NETS = 2 };

static const char *const nets[N_NETS][2] = {{"light", "kiss"}, {"paper", "starry-night"}};

static const struct {
    const char *name;
    uint64_t source, paintings[N_NETS];
} samples[] = {
    {"street.jpg", 0x346d3675cb384d16, {0x58e1596bd755dc9e, 0x94eae0468073e3f2}},
    {"still-life.jpg", 0xf49bc054f721f38a, {0xde3a71c121051b1b, 0xcd89a70b7e153c96}},
};

/* FNV-1a over RGB pixels. */
static uint64_t hash_of(const bc_image *image)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (int y = 0; y < image->height; y++) {
        const uint8_t *row = image->pixels + y * image->stride_bytes;
        for (int x = 0; x < 3 * image->width; x++)
            hash = (hash ^ row[x]) * 0x100000001b3u;
    }
    return hash;
}

static void check_painting(const bc_image *source, const bc_model *model, const char *style,
                           uint64_t expected)
{
    bc_session *session = NULL;
    const bc_session_params params = {
        .width = source->width, .height = source->height, .tier = "c"};
    const bc_style_weight weight = {bc_model_find_style(model, style), 1};
    uint8_t *pixels = malloc((size_t)(3 * source->width) * (size_t)source->height);
    const bc_image painting = {.pixels = pixels,
                               .stride_bytes = 3 * source->width,
                               .width = source->width,
                               .height = source->height,
                               .format = BC_RGB24};
    CHECK(pixels && bc_session_open(&session, model, &params) == BC_OK);
    CHECK_INT(bc_session_set_style(session, &weight, 1), BC_OK);
    bc_session_run(session, source, &painting);
    const uint64_t hash = hash_of(&painting);
    if (!CHECK(hash == expected))
        fprintf(stderr, "    %s: 0x%016" PRIx64 "\n", style, hash);
    bc_session_close(&session);
    free(pixels);
}

static void check_sample(size_t i)
{
    char path[512];
    bc_frame *picture;
    snprintf(path, sizeof(path), "%s/../samples/%s", BC_TESTS_DIR, samples[i].name);
    if (!CHECK_INT(bc_picture_read(&picture, path, BC_ALPHA_OVER_WHITE, &(bc_log){0}), BC_OK))
        return;
    const uint64_t source = hash_of(&picture->image);
    if (source != samples[i].source)
        printf("%s: passed over: decoded to 0x%016" PRIx64 "\n", samples[i].name, source);
    for (int net = 0; net < N_NETS && source == samples[i].source; net++) {
        bc_model *model;
        snprintf(path, sizeof(path), "%s/../models/%s", BC_TESTS_DIR, nets[net][0]);
        if (!CHECK_INT(bc_model_open(&model, path, &(bc_model_params){0}), BC_OK))
            continue;
        check_painting(&picture->image, model, nets[net][1], samples[i].paintings[net]);
        bc_model_close(&model);
    }
    bc_frame_unref(&picture);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        check_sample(i);
    return TEST_END();
}
