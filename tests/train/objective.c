/* objective.c: what styles are trained for, in words and in lists of paintings. */
#include "train/objective.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "media/picture.h"
#include "test.h"
#include "train/painting.h"

static char message[1024];
static bc_log log_;

static void test_words(void)
{
    bc_objective o;
    CHECK_INT(
        bc_objective_parse(&o, " brush=384,512  content=0.5 content-layer=relu4_1 ", "line", &log_),
        BC_OK);
    CHECK_INT(o.n_brushes, 2);
    CHECK_INT(o.brushes[1], 512);
    CHECK(o.content == 0.5 && strcmp(o.content_layer, "relu4_1") == 0);
    CHECK(o.style < 0 && o.variation < 0 && o.stability < 0);
    CHECK_INT(bc_objective_parse(&o, "", "line", &log_), BC_OK);
    CHECK(o.n_brushes == 0 && o.content < 0 && !o.content_layer[0]);
    static const char *const wrong[] = {"brush=",          "brush=32",
                                        "brush=1,2,3,4,5", "brush=512x",
                                        "content",         "content=-1",
                                        "content=nan",     "content=1x",
                                        "style-weight=",   "look=dull",
                                        "colour=blue",     "=1",
                                        "content-layer=",  "content-layer=relu_of_many_digits"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (!CHECK_INT(bc_objective_parse(&o, wrong[i], "list", &log_), BC_ERR_ARGUMENT))
            fprintf(stderr, "    %s\n", wrong[i]);
    CHECK(strstr(message, "list: 'content-layer=relu_of_many_digits' is no word"));
}

/* A look sets everything but what is said besides, before it or after it. */
static void test_look(void)
{
    const bc_objective bold = bc_objective_look(BC_LOOK_BOLD);
    bc_objective o, first;
    CHECK_INT(bc_objective_parse(&o, "look=bold content=3", "line", &log_), BC_OK);
    CHECK_INT(bc_objective_parse(&first, "content=3 look=bold", "line", &log_), BC_OK);
    CHECK(o.content == 3 && first.content == 3);
    CHECK(o.style == bold.style && first.style == bold.style);
    CHECK_INT(first.brushes[0], bold.brushes[0]);
}

static void test_override(void)
{
    bc_objective o = bc_objective_look(BC_LOOK_FINE), over;
    char text[BC_OBJECTIVE_TEXT_SIZE];
    CHECK_INT(bc_objective_parse(&over, "brush=256 stability=0", "line", &log_), BC_OK);
    bc_objective_override(&o, &over);
    bc_objective_print(text, &o);
    CHECK(strcmp(text, "brush=256 content-layer=relu3_3 style-weight=2.2 content=1 variation=0.3 "
                       "stability=0 lattice=1000") == 0);
    bc_objective_print(text, &over);
    CHECK(strcmp(text, "brush=256 stability=0") == 0);
}

static void write_list(const char *path, const char *line)
{
    FILE *list = fopen(path, "w");
    fprintf(list, "# FILE\tNAME\n%s\n", line);
    fclose(list);
}

static void test_painting(void)
{
    char folder[] = "/tmp/bc-objective-XXXXXX", picture[64], list[64];
    static uint8_t pixels[64 * 64 * 3];
    bc_painting painting;
    CHECK(mkdtemp(folder));
    snprintf(picture, sizeof(picture), "%s/wave.png", folder);
    snprintf(list, sizeof(list), "%s/list.tsv", folder);
    const bc_image image = {
        .pixels = pixels, .stride_bytes = 192, .width = 64, .height = 64, .format = BC_RGB24};
    CHECK_INT(bc_picture_write(picture, &image, &log_), BC_OK);
    write_list(list, "wave.png\twave\tWave\tHokusai\t1831\tpublic\tbrush=720 style-weight=3");
    CHECK_INT(bc_painting_open(&painting, picture, list, &log_), BC_OK);
    CHECK(strcmp(painting.info.licence, "public") == 0);
    CHECK_INT(painting.objective.brushes[0], 720);
    CHECK(painting.objective.style == 3 && painting.objective.content < 0);
    bc_painting_close(&painting);
    write_list(list, "wave.png\twave\tWave\tHokusai\t1831\tpublic");
    CHECK_INT(bc_painting_open(&painting, picture, list, &log_), BC_OK);
    CHECK_INT(painting.objective.n_brushes, 0);
    bc_painting_close(&painting);
    write_list(list, "wave.png\twave\t\t\t\t\tbroad");
    CHECK_INT(bc_painting_open(&painting, picture, list, &log_), BC_ERR_ARGUMENT);
    bc_painting_close(&painting);
    CHECK_INT(unlink(picture) + unlink(list) + rmdir(folder), 0);
}

int main(void)
{
    log_ = test_log(message);
    test_words();
    test_look();
    test_override();
    test_painting();
    return TEST_END();
}
