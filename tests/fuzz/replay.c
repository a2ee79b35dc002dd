/* replay.c: the fuzzer's stand-in where the compiler has none: runs every file named or found in a
 * folder named once. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    struct stat info;
    FILE *stream = fopen(path, "rb");
    uint8_t *data = NULL;
    int n_done = 0;
    if (stream && fstat(fileno(stream), &info) == 0 && S_ISREG(info.st_mode)) {
        const size_t size = (size_t)info.st_size;
        data = malloc(size + 1);
        if (data && fread(data, 1, size, stream) == size) {
            LLVMFuzzerTestOneInput(data, size);
            n_done = 1;
        }
    }
    free(data);
    if (stream)
        fclose(stream);
    return n_done;
}

static int replay_folder(const char *folder)
{
    char path[4096];
    DIR *dir = opendir(folder);
    int n_done = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        n_done += replay_file(path);
    }
    if (dir)
        closedir(dir);
    return n_done;
}

int main(int n_args, char **args)
{
    int n_done = 0;
    for (int i = 1; i < n_args; i++)
        n_done += replay_file(args[i]) + replay_folder(args[i]);
    printf("%d inputs replayed\n", n_done);
    return n_done == 0;
}
