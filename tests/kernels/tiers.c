/* The table of tiers: who finds what in it, and what a tier is made of. */
#include "kernels/tiers.h"

#include <string.h>

#include "base/cpu.h"
#include "cli/painting.h"
#include "test.h"

static void test_walk(void)
{
    const bc_tier *last = NULL;
    int n = 0;
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
        CHECK_INT(tier->needs & ~bc_cpu_features(), 0);
        CHECK(bc_tier_find(tier->name) == tier);
        CHECK(strcmp(bc_tier_name(n++), tier->name) == 0);
        last = tier;
    }
    CHECK(!bc_tier_name(n));
    CHECK(strcmp(bc_tier_name(0), "c") == 0);
    CHECK(bc_tier_find(NULL) == last && bc_tier_find("native") == last);
    CHECK(!bc_tier_find("mmx") && !bc_tier_find(""));
}

/* --cpu knows every tier, and no other word. */
static void test_choices(void)
{
    char words[] = BC_TIER_CHOICES;
    const bc_tier *before = NULL;
    CHECK(strcmp(strtok(words, "|"), "native") == 0);
    for (const char *word; (word = strtok(NULL, "|"));) {
        const bc_tier *tier = bc_tier_find(word);
        CHECK(tier && tier > before); /* in the table's order */
        before = tier;
    }
    for (int i = 0; bc_tier_name(i); i++)
        CHECK(strstr(BC_TIER_CHOICES, bc_tier_name(i)));
}

int main(void)
{
    test_walk();
    test_choices();
    return TEST_END();
}
