#include "window/text.h"

#include <SDL_ttf.h>
#include <fontconfig/fontconfig.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { N_CACHED = 256 };

typedef struct cached_line {
    char *line;
    int size_px;
    SDL_Texture *texture;
    SDL_Point size;
    uint64_t last_used;
} cached_line;

struct bc_text {
    SDL_Renderer *renderer;
    TTF_Font *font;
    int size_px;    /* the font's: to set it is to lose all its glyphs */
    uint64_t clock; /* counts uses */
    cached_line lines[N_CACHED];
};

/* The caller frees the path; NULL if there is no font at all. */
static char *find_font(void)
{
    char *path = NULL;
    FcConfig *config = FcInitLoadConfigAndFonts();
    FcPattern *wanted = FcNameParse((const FcChar8 *)"sans-serif:scalable=true");
    FcConfigSubstitute(config, wanted, FcMatchPattern);
    FcDefaultSubstitute(wanted);
    FcResult result;
    FcPattern *found = FcFontMatch(config, wanted, &result);
    FcChar8 *file;
    if (found && FcPatternGetString(found, FC_FILE, 0, &file) == FcResultMatch)
        path = strdup((const char *)file);
    if (found)
        FcPatternDestroy(found);
    FcPatternDestroy(wanted);
    FcConfigDestroy(config);
    return path;
}

bc_status bc_text_open(bc_text **text, SDL_Renderer *renderer, const bc_log *log)
{
    *text = NULL;
    if (TTF_Init() < 0)
        return bc_fail(log, BC_ERR_IO, "on-screen text: %s", TTF_GetError());
    bc_text *t = calloc(1, sizeof(*t));
    char *path = find_font();
    if (t && path) {
        t->renderer = renderer;
        t->font = TTF_OpenFont(path, 16);
    }
    bc_status status = BC_OK;
    if (!t || !t->font)
        status = bc_fail(log, BC_ERR_IO, "on-screen text: no font (%s)",
                         path ? TTF_GetError() : "fontconfig knows none");
    free(path);
    if (status < 0) {
        free(t);
        TTF_Quit();
        return status;
    }
    *text = t;
    return BC_OK;
}

static void drop(cached_line *cached)
{
    SDL_DestroyTexture(cached->texture);
    free(cached->line);
    *cached = (cached_line){0};
}

void bc_text_close(bc_text **text)
{
    if (!text || !*text)
        return;
    for (int i = 0; i < N_CACHED; i++) {
        if ((*text)->lines[i].line)
            drop(&(*text)->lines[i]);
    }
    TTF_CloseFont((*text)->font);
    TTF_Quit();
    free(*text);
    *text = NULL;
}

static int outline_px(int size_px)
{
    return size_px < 24 ? 1 : size_px / 14;
}

static void set_size(bc_text *text, int size_px)
{
    if (text->size_px != size_px)
        TTF_SetFontSize(text->font, size_px);
    text->size_px = size_px;
}

/* White letters over their own black outline. */
static SDL_Surface *render(bc_text *text, const char *line, int size_px)
{
    const int outline = outline_px(size_px);
    set_size(text, size_px);
    TTF_SetFontOutline(text->font, outline);
    SDL_Surface *surface = TTF_RenderUTF8_Blended(text->font, line, (SDL_Color){0, 0, 0, 255});
    TTF_SetFontOutline(text->font, 0);
    SDL_Surface *letters =
        TTF_RenderUTF8_Blended(text->font, line, (SDL_Color){255, 255, 255, 255});
    if (surface && letters) {
        SDL_SetSurfaceBlendMode(letters, SDL_BLENDMODE_BLEND);
        SDL_BlitSurface(letters, NULL, surface,
                        &(SDL_Rect){outline, outline, letters->w, letters->h});
    }
    SDL_FreeSurface(letters);
    return surface;
}

/* The line's place: where it is, an empty one, or the one that was used least recently. */
static cached_line *find(bc_text *text, const char *line, int size_px)
{
    cached_line *oldest = &text->lines[0];
    for (int i = 0; i < N_CACHED; i++) {
        cached_line *cached = &text->lines[i];
        if (cached->line && cached->size_px == size_px && strcmp(cached->line, line) == 0)
            return cached;
        if (cached->last_used < oldest->last_used)
            oldest = cached;
    }
    if (oldest->line)
        drop(oldest);
    return oldest;
}

/* NULL for an empty line and without memory. */
static const cached_line *get(bc_text *text, const char *line, int size_px)
{
    if (line[0] == '\0')
        return NULL;
    cached_line *cached = find(text, line, size_px);
    cached->last_used = ++text->clock;
    if (cached->line)
        return cached;
    SDL_Surface *surface = render(text, line, size_px);
    char *copy = strdup(line);
    if (!surface || !copy) {
        SDL_FreeSurface(surface);
        free(copy);
        return NULL;
    }
    cached->line = copy;
    cached->size_px = size_px;
    cached->size = (SDL_Point){surface->w, surface->h};
    cached->texture = SDL_CreateTextureFromSurface(text->renderer, surface);
    SDL_FreeSurface(surface);
    return cached;
}

/* A blank is as high as any line. */
SDL_Point bc_text_size(bc_text *text, const char *line, int size_px)
{
    const cached_line *cached = get(text, *line ? line : " ", size_px);
    return (SDL_Point){cached && *line ? cached->size.x : 0, cached ? cached->size.y : size_px};
}

size_t bc_text_fit(bc_text *text, const char *line, int size_px, int width)
{
    int extent, n_characters = 0;
    set_size(text, size_px);
    if (width > 0)
        TTF_MeasureUTF8(text->font, line, width - 2 * outline_px(size_px), &extent, &n_characters);
    size_t bytes = 0;
    for (; n_characters > 0 && line[bytes]; n_characters--) {
        bytes++;
        while ((line[bytes] & 0xc0) == 0x80)
            bytes++;
    }
    return bytes;
}

void bc_text_draw(bc_text *text, const char *line, int size_px, int x, int y, SDL_Color color)
{
    const cached_line *cached = get(text, line, size_px);
    if (!cached || !cached->texture)
        return;
    SDL_SetTextureColorMod(cached->texture, color.r, color.g, color.b);
    SDL_SetTextureAlphaMod(cached->texture, color.a);
    SDL_RenderCopy(text->renderer, cached->texture, NULL,
                   &(SDL_Rect){x, y, cached->size.x, cached->size.y});
}
