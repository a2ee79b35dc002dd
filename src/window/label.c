#include "window/label.h"

#include <stdio.h>
#include <string.h>

static const char ellipsis[] = "\xe2\x80\xa6";

/* Bytes of the first character. */
static size_t first_character(const char *string)
{
    size_t n = *string != '\0';
    while ((string[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* Bytes that a line takes of the string: as many words as fit, or what fits of a long one. */
static size_t line_bytes(const char *string, size_t fitting)
{
    size_t bytes = fitting;
    if (string[bytes] == '\0' || string[bytes] == ' ')
        return bytes;
    while (bytes > 0 && string[bytes - 1] != ' ')
        bytes--;
    return bytes > 0 ? bytes : SDL_max(fitting, first_character(string));
}

static void add_line(bc_label *label, const char *string, size_t bytes, const char *end)
{
    while (bytes > 0 && string[bytes - 1] == ' ')
        bytes--;
    if (bytes > BC_LABEL_BYTES - sizeof(ellipsis)) {
        bytes = BC_LABEL_BYTES - sizeof(ellipsis);
        while (bytes > 0 && (string[bytes] & 0xc0) == 0x80)
            bytes--;
    }
    snprintf(label->lines[label->n_lines++], BC_LABEL_BYTES, "%.*s%s", (int)bytes, string, end);
}

bc_label bc_label_wrap(bc_text *text, const char *string, int size_px, int width, int most_lines)
{
    bc_label label = {.size_px = size_px};
    while (*string && label.n_lines < most_lines) {
        const size_t fitting = bc_text_fit(text, string, size_px, width);
        const size_t bytes = line_bytes(string, fitting);
        if (string[bytes] != '\0' && label.n_lines == most_lines - 1) {
            const int room = width - bc_text_size(text, ellipsis, size_px).x;
            add_line(&label, string, bc_text_fit(text, string, size_px, room), ellipsis);
            break;
        }
        add_line(&label, string, bytes, "");
        string += bytes;
        string += strspn(string, " ");
    }
    for (int i = 0; i < label.n_lines; i++) {
        const SDL_Point size = bc_text_size(text, label.lines[i], size_px);
        label.size.x = SDL_max(label.size.x, size.x);
        label.size.y += size.y;
    }
    return label;
}

void bc_label_draw(const bc_label *label, bc_text *text, int x, int y, int width,
                   bc_label_side side, SDL_Color color)
{
    for (int i = 0; i < label->n_lines; i++) {
        const SDL_Point size = bc_text_size(text, label->lines[i], label->size_px);
        const int indent = side == BC_LABEL_CENTRE ? (width - size.x) / 2 : 0;
        bc_text_draw(text, label->lines[i], label->size_px, x + indent, y, color);
        y += size.y;
    }
}
