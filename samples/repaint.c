/* repaint.c: paints one picture. Usage: repaint NET_FOLDER STYLE < SOURCE.ppm > PAINTING.ppm */
#include <brushcast.h>
#include <stdio.h>
#include <stdlib.h>

static void print(void *cookie, bc_log_level level, const char *message)
{
    (void)level;
    fprintf(stderr, "%s: %s\n", (const char *)cookie, message);
}

int main(int n_args, char **args)
{
    const bc_log log = {.write = print, .cookie = args[0]};
    bc_model *model = NULL;
    bc_session *session = NULL;
    int width, height, done = 0;
    if (n_args != 3 || scanf("P6 %d %d 255", &width, &height) != 2 || getchar() == EOF) {
        fprintf(stderr, "usage: %s NET_FOLDER STYLE < SOURCE.ppm > PAINTING.ppm\n", args[0]);
        return 2;
    }
    const bc_session_params params = {.width = width, .height = height, .log = log};
    if (bc_model_open(&model, args[1], &(bc_model_params){.log = log}) == BC_OK &&
        bc_session_open(&session, model, &params) == BC_OK) {
        const bc_style_weight style = {bc_model_find_style(model, args[2]), 1.0f};
        const size_t row = 3 * (size_t)width, size = row * (size_t)height;
        uint8_t *pixels = malloc(2 * size);
        const bc_image source = {.pixels = pixels,
                                 .stride_bytes = (ptrdiff_t)row,
                                 .width = width,
                                 .height = height,
                                 .format = BC_RGB24};
        bc_image painting = source;
        painting.pixels = pixels + size;
        if (pixels && fread(source.pixels, 1, size, stdin) == size &&
            bc_session_set_style(session, &style, 1) == BC_OK &&
            bc_session_run(session, &source, &painting) == BC_OK) {
            printf("P6\n%d %d\n255\n", width, height);
            done = fwrite(painting.pixels, 1, size, stdout) == size && fflush(stdout) == 0;
        }
        free(pixels);
    }
    bc_session_close(&session);
    bc_model_close(&model);
    return done ? 0 : 1;
}
