/* Pictures: what is written comes back, alpha is kept or composed, EXIF orientation is applied. */
#include "media/picture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

enum { WIDTH = 37, HEIGHT = 22, MAX_FILE = 1 << 16 };

static char last[1024];
static bc_log log_;
static char folder[] = "bc-picture-XXXXXX";
static char path[64];

static const char *in_folder(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static bc_frame *make_picture(bc_pixel_format format)
{
    bc_frame *frame;
    if (bc_frame_alloc(&frame, WIDTH, HEIGHT, format, &log_) < 0)
        abort();
    const int n_bytes = format == BC_RGB24 ? 3 : 4;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            uint8_t *pixel = frame->image.pixels + y * frame->image.stride_bytes + n_bytes * x;
            const int values[4] = {x * 6, y * 11, 200 - x * 5, x * 7};
            for (int c = 0; c < n_bytes; c++)
                pixel[c] = (uint8_t)values[c];
        }
    return frame;
}

static const uint8_t *pixel_at(const bc_image *image, int x, int y)
{
    return image->pixels + y * image->stride_bytes + x * (image->format == BC_RGB24 ? 3 : 4);
}

static int largest_difference(const bc_image *a, const bc_image *b, int n_channels)
{
    int largest = 0;
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++)
            for (int c = 0; c < n_channels; c++) {
                const int difference = abs(pixel_at(a, x, y)[c] - pixel_at(b, x, y)[c]);
                largest = difference > largest ? difference : largest;
            }
    return largest;
}

static void test_round_trip(const char *name, bc_pixel_format format, int bound)
{
    bc_frame *picture = make_picture(format), *back;
    CHECK_INT(bc_picture_write(in_folder(name), &picture->image, &log_), BC_OK);
    if (CHECK_INT(bc_picture_read(&back, path, BC_ALPHA_KEEP, &log_), BC_OK)) {
        CHECK_INT(back->image.width, WIDTH);
        CHECK_INT(back->image.height, HEIGHT);
        CHECK_INT(back->image.format, format);
        CHECK_AT_MOST(largest_difference(&picture->image, &back->image, format == BC_RGB24 ? 3 : 4),
                      bound);
    }
    bc_frame_unref(&back);
    bc_frame_unref(&picture);
}

static void check_composed(const bc_image *source, const bc_image *flat, int bound)
{
    int largest = 0;
    CHECK_INT(flat->format, BC_RGB24);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++) {
                const uint8_t *from = pixel_at(source, x, y);
                const double expected = 255 + (from[c] - 255) * (from[3] / 255.0);
                const int difference = abs(pixel_at(flat, x, y)[c] - (int)(expected + 0.5));
                largest = difference > largest ? difference : largest;
            }
    CHECK_AT_MOST(largest, bound);
}

static void test_alpha(void)
{
    bc_frame *picture = make_picture(BC_RGBA32), *flat;
    CHECK_INT(bc_picture_write(in_folder("alpha.png"), &picture->image, &log_), BC_OK);
    if (CHECK_INT(bc_picture_read(&flat, path, BC_ALPHA_OVER_WHITE, &log_), BC_OK))
        check_composed(&picture->image, &flat->image, 0);
    bc_frame_unref(&flat);
    CHECK_INT(bc_picture_write(in_folder("alpha.jpg"), &picture->image, &log_), BC_OK);
    if (CHECK_INT(bc_picture_read(&flat, path, BC_ALPHA_KEEP, &log_), BC_OK))
        check_composed(&picture->image, &flat->image, 24);
    bc_frame_unref(&flat);
    bc_frame_unref(&picture);
}

/* Copies a JPEG file with an EXIF block that has nothing but the orientation. */
static void add_orientation(const char *from, const char *to, uint8_t orientation)
{
    const uint8_t block[] = {0xff, 0xe1, 0, 34, 'E', 'x',         'i', 'f', 0, 0,  'M', 'M',
                             0,    42,   0, 0,  0,   8,           0,   1,   1, 18, 0,   3,
                             0,    0,    0, 1,  0,   orientation, 0,   0,   0, 0,  0,   0};
    static uint8_t bytes[MAX_FILE];
    FILE *file = fopen(from, "rb");
    const size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    file = fopen(to, "wb");
    fwrite(bytes, 1, 2, file);
    fwrite(block, 1, sizeof(block), file);
    fwrite(bytes + 2, 1, size - 2, file);
    fclose(file);
}

/* Where pixel (x, y) of the upright picture is stored, for each value of the tag. */
static void stored_position(int orientation, int x, int y, int *stored_x, int *stored_y)
{
    const int across[9] = {0, x, WIDTH - 1 - x, WIDTH - 1 - x, x,
                           y, y, WIDTH - 1 - y, WIDTH - 1 - y};
    const int down[9] = {0, y, y, HEIGHT - 1 - y, HEIGHT - 1 - y, x, HEIGHT - 1 - x, HEIGHT - 1 - x,
                         x};
    *stored_x = across[orientation];
    *stored_y = down[orientation];
}

static void test_orientation(void)
{
    bc_frame *picture = make_picture(BC_RGB24), *upright;
    char plain[64];
    CHECK_INT(bc_picture_write(in_folder("plain.jpg"), &picture->image, &log_), BC_OK);
    memcpy(plain, path, sizeof(plain));
    for (int orientation = 1; orientation <= 8; orientation++) {
        add_orientation(plain, in_folder("turned.jpg"), (uint8_t)orientation);
        if (!CHECK_INT(bc_picture_read(&upright, path, BC_ALPHA_KEEP, &log_), BC_OK))
            continue;
        const int is_turned = orientation >= 5;
        CHECK_INT(upright->image.width, is_turned ? HEIGHT : WIDTH);
        CHECK_INT(upright->image.height, is_turned ? WIDTH : HEIGHT);
        int largest = 0;
        for (int y = 0; y < upright->image.height; y++)
            for (int x = 0; x < upright->image.width; x++) {
                int from_x, from_y;
                stored_position(orientation, x, y, &from_x, &from_y);
                const int difference = abs(pixel_at(&upright->image, x, y)[0] -
                                           pixel_at(&picture->image, from_x, from_y)[0]);
                largest = difference > largest ? difference : largest;
            }
        if (!CHECK_AT_MOST(largest, 24))
            fprintf(stderr, "    orientation %d\n", orientation);
        bc_frame_unref(&upright);
    }
    bc_frame_unref(&picture);
}

static void test_faults(void)
{
    bc_frame *picture = make_picture(BC_RGB24), *back;
    CHECK_INT(bc_picture_read(&back, in_folder("absent.png"), BC_ALPHA_KEEP, &log_), BC_ERR_IO);
    CHECK(strstr(last, "absent.png") != NULL);
    CHECK(back == NULL);
    FILE *file = fopen(in_folder("text.jpg"), "w");
    fprintf(file, "this is not a picture\n");
    fclose(file);
    CHECK(bc_picture_read(&back, path, BC_ALPHA_KEEP, &log_) < 0);
    CHECK(strstr(last, "text.jpg") != NULL);
    for (int i = 0; i < 2; i++) {
        const char *const names[] = {"cut.jpg", "cut.png"};
        CHECK_INT(bc_picture_write(in_folder(names[i]), &picture->image, &log_), BC_OK);
        CHECK(truncate(path, 400) == 0);
        CHECK(bc_picture_read(&back, path, BC_ALPHA_KEEP, &log_) < 0);
        CHECK(strstr(last, names[i]) != NULL);
    }
    CHECK_INT(bc_picture_write(in_folder("no/such/folder.png"), &picture->image, &log_), BC_ERR_IO);
    CHECK_INT(bc_picture_write(in_folder("picture.txt"), &picture->image, &log_), BC_ERR_ARGUMENT);
    bc_frame_unref(&picture);
}

int main(void)
{
    log_ = test_log(last);
    if (!mkdtemp(folder))
        return 1;
    test_round_trip("rgb.png", BC_RGB24, 0);
    test_round_trip("rgba.png", BC_RGBA32, 0);
    test_round_trip("rgb.jpg", BC_RGB24, 24);
    test_alpha();
    test_orientation();
    test_faults();
    char command[64];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    CHECK_INT(system(command), 0);
    return TEST_END();
}
