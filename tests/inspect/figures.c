/*
 * brushcast-inspect as a program: the figures of small random nets and of hand-written logs, and
 * what it says and how it exits when something is wrong.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame/frame.h"
#include "inspect/csv.h"
#include "inspect/readout.h"
#include "inspect/reconstruct.h"
#include "media/picture.h"
#include "test.h"

#define GOLDEN BC_TESTS_DIR "/golden/"
#define NET "--autoencoder " GOLDEN "tiny-subpixel.autoencoder.safetensors "
#define BANK "--bank " GOLDEN "tiny-subpixel.bank.safetensors "

enum { W = 44, H = 36 };

static char output[4096]; /* of the last command: stdout and stderr */

/* Runs a command; returns its exit status. */
static int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int shell(const char *format, ...)
{
    char command[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    FILE *pipe = popen(command, "r");
    if (!pipe)
        abort();
    const size_t n = fread(output, 1, sizeof(output) - 1, pipe);
    output[n] = '\0';
    const int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define INSPECT(arguments) shell("%s " arguments " 2>&1", BC_INSPECT)
#define SAID(text) CHECK(strstr(output, text) != NULL)

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void write_photo(const bc_log *log)
{
    static uint8_t pixels[W * H * 3];
    for (int i = 0; i < W * H * 3; i++) {
        const int c = i % 3, x = i / 3 % W, y = i / 3 / W;
        pixels[i] = (uint8_t)(40 + 60 * c + 3 * x + (y > x ? 40 - 50 * c : 0));
    }
    const bc_image image = {
        .pixels = pixels, .stride_bytes = 3 * W, .width = W, .height = H, .format = BC_RGB24};
    CHECK_INT(bc_picture_write("photo.png", &image, log), BC_OK);
}

static void check_size(const char *path, int width, int height)
{
    char message[1024];
    const bc_log log = test_log(message);
    bc_frame *picture = NULL;
    if (CHECK_INT(bc_picture_read(&picture, path, BC_ALPHA_OVER_WHITE, &log), BC_OK)) {
        CHECK_INT(picture->image.width, width);
        CHECK_INT(picture->image.height, height);
    }
    bc_frame_unref(&picture);
}

/* Parts ------------------------------------------------------------------------------------ */

static void test_csv(const bc_log *log)
{
    bc_csv csv;
    double column[3];
    write_text("a.csv", "step,total\r\n1,0.5\r\n2,nan\r\n3,-1e3\n4,0.2");
    CHECK_INT(bc_csv_open(&csv, "a.csv", log), BC_OK);
    CHECK_INT(csv.n_rows, 3); /* the last line has no end */
    CHECK_INT(bc_csv_find(&csv, "total"), 1);
    CHECK_INT(bc_csv_find(&csv, "tot"), -1);
    bc_csv_column(column, &csv, 1);
    CHECK(column[0] == 0.5 && column[1] != column[1] && column[2] == -1000);
    bc_csv_close(&csv);
}

/* A painting that is a filter of the maps is found again. */
static void test_readout(const bc_log *log)
{
    enum { SIDE = 12, N = SIDE * SIDE };
    float maps[2 * N], painting[3 * 4 * N], out[3 * N];
    uint32_t seed = 1;
    double off;
    for (int i = 0; i < 2 * N; i++)
        maps[i] = (float)((seed = seed * 1664525u + 1013904223u) >> 16) / 65536;
    for (int i = 0; i < 3 * 4 * N; i++) {
        const int c = i / (4 * N), y = i / (2 * SIDE) % (2 * SIDE) / 2, x = i % (2 * SIDE) / 2;
        const int left = y * SIDE + (x > 0 ? x - 1 : 0);
        painting[i] = 0.25F + maps[y * SIDE + x] * (float)c - 0.5F * maps[N + left];
    }
    CHECK_INT(bc_readout(out, &off, maps, 2, SIDE, SIDE, painting, 2 * SIDE, 2 * SIDE, log), BC_OK);
    CHECK_AT_MOST(off, 1e-3);
    CHECK(off >= 0 && out[0] - painting[0] < 2e-3 && painting[0] - out[0] < 2e-3);
}

/* What is found responds as the picture does, and far more so than what one step finds. */
static void test_reconstruction(const bc_log *log)
{
    const bc_subject_options options = {.picture = "photo.png",
                                        .output = "none.png",
                                        .autoencoder =
                                            GOLDEN "tiny-subpixel.autoencoder.safetensors",
                                        .size = 32,
                                        .n_threads = 2};
    bc_subject subject;
    static float first[3 * 32 * 64], second[3 * 32 * 64];
    double few, many, again;
    CHECK_INT(bc_subject_open(&subject, &options, log), BC_OK);
    CHECK_INT(subject.height, 32);
    CHECK_INT(subject.width, 40);
    for (int likeness = 0; likeness < 2; likeness++) {
        bc_reconstruct_params params = {
            .likeness = (bc_likeness)likeness, .first = 1, .last = 2, .n_iterations = 1, .seed = 3};
        CHECK_INT(bc_reconstruct(first, &few, &subject, &params, log), BC_OK);
        params.n_iterations = 60;
        CHECK_INT(bc_reconstruct(first, &many, &subject, &params, log), BC_OK);
        CHECK_INT(bc_reconstruct(second, &again, &subject, &params, log), BC_OK);
        CHECK_AT_MOST(many, 0.25 * few);
        CHECK(memcmp(first, second, sizeof(first)) == 0);
    }
    bc_subject_close(&subject);
}

/* The program ------------------------------------------------------------------------------ */

static void test_figures(void)
{
    const int cell = 150 + 14; /* a caption's room and the gap */
    CHECK_INT(INSPECT("features photo.png -o f.png --size 16 --iterations 3 " NET), 0);
    check_size("f.png", 14 + 4 * cell, 7 + 40 + 16 + 14);
    CHECK_INT(INSPECT("style photo.png -o s.png --size 16 --iterations 3 " NET BANK), 0);
    check_size("s.png", 14 + 3 * cell, 7 + 2 * (40 + 16 + 14));
    CHECK_INT(INSPECT("decode photo.png -o d.png --size 32 " NET BANK), 0);
    check_size("d.png", 14 + 5 * cell, 7 + 40 + 32 + 14);
    CHECK_INT(INSPECT("decode photo.png -o d.svg --size 32 " NET), 0);
    CHECK_INT(shell("cmp f.png s.png 2>&1"), 1);
}

static void test_losses(void)
{
    write_text("gatys.csv",
               "scale,iteration,seconds,total\n0,1,0.5,8\n0,2,1,2\n1,1,3,4\n1,2,4,1\n");
    write_text("train.csv", "step,seconds,total\n20,3,0.5\n40,6,0.25\n60,9,0.125\n");
    CHECK_INT(INSPECT("losses gatys.csv train.csv -o t.png --title Losses"), 0);
    check_size("t.png", 1440, 900);
    CHECK_INT(INSPECT("losses gatys.csv train.csv -o i.svg --log --against iteration"), 0);
    CHECK_INT(shell("grep -q '<svg' i.svg"), 0);
    CHECK_INT(INSPECT("losses gatys.csv -o i.svg"), 1);
    SAID("i.svg: exists; -y overwrites it");
    CHECK_INT(INSPECT("losses gatys.csv -y -o i.svg --column seconds --size 300x200"), 0);
}

static void test_usage(void)
{
    static const char *const commands[] = {"features", "style", "decode", "losses"};
    for (int i = 0; i < 4; i++) {
        CHECK_INT(shell("%s %s --help 2>/dev/null", BC_INSPECT, commands[i]), 0);
        SAID("Usage: brushcast-inspect");
        CHECK_INT(shell("%s %s 2>&1", BC_INSPECT, commands[i]), 2);
        CHECK_INT(shell("%s %s --no-such-option 2>&1", BC_INSPECT, commands[i]), 2);
    }
    CHECK_INT(INSPECT("style photo.png -o x.png " NET), 2);
    SAID("needs --bank");
    CHECK_INT(INSPECT("features photo.png -o x.png --size 1 " NET), 2);
    CHECK_INT(INSPECT("losses gatys.csv -o x.png --against hope"), 2);
    CHECK_INT(INSPECT("losses gatys.csv -o x.png --size 10x10"), 2);
}

static void test_wrong_input(void)
{
    CHECK_INT(INSPECT("losses none.csv -o x.png"), 1);
    SAID("none.csv: cannot be read: No such file");
    CHECK_INT(INSPECT("losses . -o x.png"), 1);
    SAID(".: cannot be read: Is a directory");
    CHECK_INT(INSPECT("losses train.csv -o x.png --column style"), 1);
    SAID("train.csv: has no column 'style'");
    write_text("bad.csv", "step,seconds,total\n1,2,3\n1,2\n");
    CHECK_INT(INSPECT("losses bad.csv -o x.png"), 1);
    SAID("bad.csv: line 3: has 2 fields of 3");
    write_text("bad.csv", "step,seconds,total\n1,2,three\n");
    CHECK_INT(INSPECT("losses bad.csv -o x.png"), 1);
    SAID("bad.csv: line 2: 'three' is no number");
    write_text("bad.csv", "step,seconds,total\n1,2,-3\n");
    CHECK_INT(INSPECT("losses bad.csv -o x.png --log"), 1);
    SAID("no value to plot");
    CHECK_INT(INSPECT("features bad.csv -o x.png " NET), 1);
    SAID("bad.csv");
    CHECK_INT(INSPECT("features photo.png -o x.png --autoencoder photo.png"), 1);
    CHECK_INT(INSPECT("losses train.csv -o none/x.png"), 1);
    CHECK_INT(INSPECT("losses train.csv -o none/x.svg"), 1);
    SAID("none/x.svg: cannot be written: No such file");
}

/* As if the disk were full: no file above one block, of which the old one survives. */
static void test_full_disk(void)
{
    static const char *const files[] = {"kept.png", "kept.svg"};
    for (int i = 0; i < 2; i++) {
        write_text(files[i], "old");
        CHECK_INT(shell("(trap '' XFSZ; ulimit -f 1; %s losses train.csv -y -o %s 2>&1)",
                        BC_INSPECT, files[i]),
                  1);
        SAID("File too large");
        CHECK_INT(shell("grep -q '^old$' %s", files[i]), 0);
    }
    CHECK_INT(shell("ls | grep -c part"), 1);
}

int main(void)
{
    char message[1024], folder[] = "/tmp/brushcast-test-XXXXXX";
    const bc_log log = test_log(message);
    if (!mkdtemp(folder) || chdir(folder) < 0)
        return 1;
    write_photo(&log);
    test_csv(&log);
    test_readout(&log);
    test_reconstruction(&log);
    test_figures();
    test_losses();
    test_usage();
    test_wrong_input();
    test_full_disk();
    CHECK_INT(shell("rm -rf %s", folder), 0);
    return TEST_END();
}
