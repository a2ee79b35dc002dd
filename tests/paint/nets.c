/* Which nets a live picture has, which of them is the cheapest that can paint its styles, and how
 * they get more styles. */
#include "paint/nets.h"

#include "live/net.h"
#include "model/model.h"

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
    CHECK_INT(bc_nets_find(&nets, bc_nets_model(&nets, 1)), 1);
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

/* A style is added to the net that it is of; who holds the nets as they were goes on. */
static void test_added(const char *folder)
{
    char path[1024], message[1024];
    const bc_log log = test_log(message);
    bc_nets nets;
    bc_model *extended;
    int net = 0, style;
    CHECK_INT(bc_nets_open(&nets, NULL, folder, &(bc_log){0}), BC_OK);
    bc_nets held = bc_nets_hold(&nets);
    snprintf(path, sizeof(path), "%s/light/styles/style2.safetensors", folder);
    CHECK_INT(bc_nets_read_style(&held, path, &net, &style, &extended, &log), BC_OK);
    CHECK_INT(net, 1);
    CHECK_INT(style, 0);
    CHECK(!bc_nets_replace(&nets, 1, held.models[0], &extended));
    CHECK(bc_nets_replace(&nets, 1, held.models[1], &extended));
    CHECK(extended == held.models[1] && nets.models[1] != extended);
    CHECK_INT(bc_nets_find(&nets, extended), 1); /* still of that net */
    bc_model_close(&extended);
    CHECK_INT(held.models[1]->n_users, 1);
    snprintf(path, sizeof(path), "%s/light/autoencoder.safetensors", folder);
    CHECK(bc_nets_read_style(&held, path, &net, &style, &extended, &log) < 0);
    CHECK(!extended && strstr(message, "autoencoder"));
    bc_nets_close(&held);
    bc_nets_close(&nets);
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
    test_added(folder);
    snprintf(line, sizeof(line), "rm -r '%s'", folder);
    CHECK_INT(system(line), 0);
    return TEST_END();
}
