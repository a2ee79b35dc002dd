/* Which nets a live picture has, and which of them is the cheapest that can paint its styles. */
#include "paint/nets.h"

#include "live/net.h"

static const bc_style_weight styles[] = {{.style = 0, .weight = 1}, {.style = 1, .weight = 1}};

static void test_both(const char *folder)
{
    bc_nets nets;
    CHECK_INT(bc_nets_open(&nets, NULL, folder, &(bc_log){0}), BC_OK);
    CHECK(strcmp(nets.names[0], "deep") == 0 && strcmp(nets.names[1], "light") == 0);
    CHECK_INT(bc_nets_cheapest(&nets, 0, styles, 0), 1);
    CHECK_INT(bc_nets_cheapest(&nets, 0, styles, 1), 0); /* style1, which light has not */
    CHECK_INT(bc_nets_cheapest(&nets, 0, styles, 2), 0);
    CHECK_INT(bc_nets_cheapest(&nets, 0, styles + 1, 1), 1);
    CHECK_INT(bc_nets_cheapest(&nets, 1, styles, 1), 1);
    CHECK_INT(bc_nets_same_style(&nets, 0, 1, 1), 0);
    bc_nets_close(&nets);
}

static void test_asked(const char *folder)
{
    bc_nets nets;
    CHECK_INT(bc_nets_open(&nets, "light", folder, &(bc_log){0}), BC_OK);
    CHECK(strcmp(nets.names[0], "light") == 0 && strcmp(nets.names[1], "deep") == 0);
    bc_nets_close(&nets);
    CHECK_INT(bc_nets_open(&nets, "nowhere", folder, &(bc_log){0}), BC_ERR_IO);
    CHECK_INT(nets.n, 0);
}

int main(void)
{
    char folder[] = "/tmp/brushcast-nets-XXXXXX", line[128];
    if (!CHECK(mkdtemp(folder) != NULL))
        return TEST_END();
    net_make_as(folder, "deep", "wide-subpixel", 1, 3);
    net_make_as(folder, "light", "tiny-subpixel", 2, 4);
    test_both(folder);
    test_asked(folder);
    snprintf(line, sizeof(line), "rm -r '%s'", folder);
    CHECK_INT(system(line), 0);
    return TEST_END();
}
