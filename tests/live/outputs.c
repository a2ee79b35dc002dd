/*
 * Where the live picture goes beside the window, as other programs get it: a named pipe, UDP, RTMP
 * and a file at once, and a recording with its sound from the first frame on. The argument is the
 * command.
 */
#include "live/command.h"

static const char *program;

/* Waits until somebody listens at the port, as the kernel's table says; its lines are hexadecimal.
 */
static void wait_for_port(const command *c, const char *table, const char *state, int port)
{
    char line[256];
    snprintf(line, sizeof(line),
             "for i in $(seq 600); do grep -q ':%04X [0-9A-F]*:0000 %s' /proc/net/%s && break; "
             "sleep 0.1; done",
             (unsigned)port, state, table);
    command_shell(c, line);
}

static void test_peers(command *c)
{
    const int port = 20000 + 2 * (getpid() % 10000);
    char line[1024];
    command_shell(c, "mkfifo pipe");
    const pid_t piper = command_start_helper(c, "exec ffmpeg -v error -i pipe -c copy pipe.mkv");
    snprintf(line, sizeof(line),
             "exec ffmpeg -v error -i udp://127.0.0.1:%d -frames:v 15 -c copy udp.ts", port);
    const pid_t listener = command_start_helper(c, line);
    snprintf(line, sizeof(line),
             "exec ffmpeg -v error -listen 1 -f flv -i rtmp://127.0.0.1:%d/live/a -c copy rtmp.flv",
             port + 1);
    const pid_t server = command_start_helper(c, line);
    wait_for_port(c, "udp", "07", port);
    wait_for_port(c, "tcp", "0A", port + 1);
    snprintf(line, sizeof(line),
             "-f lavfi testsrc2=size=160x120:rate=30 --no-window --to pipe --to "
             "udp://127.0.0.1:%d --to rtmp://127.0.0.1:%d/live/a --to file.mkv",
             port, port + 1);
    command_play(c, program, line);
    command_wait_for_helper(listener); /* it has had enough */
    CHECK(command_sees_frames(c, 20));
    CHECK_INT(command_number(c, "failed_outputs"), 0);
    CHECK_AT_MOST(command_quit(c, 0), 30);
    command_wait_for_helper(piper);
    command_wait_for_helper(server);
    CHECK(command_has_frames(c, "pipe.mkv", 10));
    CHECK(command_has_frames(c, "udp.ts", 10));
    CHECK(command_has_frames(c, "rtmp.flv", 10));
    CHECK(command_has_frames(c, "file.mkv", 10));
}

/* A reader that goes away costs that output only. */
static void test_reader_that_leaves(command *c)
{
    const pid_t reader = command_start_helper(c, "exec head -c 3000 pipe > head.mkv");
    command_play(c, program,
                 "-f lavfi testsrc2=size=160x120:rate=30 --no-window --to pipe --to kept.mkv");
    command_wait_for_helper(reader);
    CHECK(command_reaches(c, "failed_outputs", 1));
    CHECK(command_sees_frames(c, 20));
    CHECK_AT_MOST(command_quit(c, 1), 30);
    CHECK(command_has_frames(c, "kept.mkv", 10));
    CHECK(command_log_says(c, "cannot write pipe"));
}

static double start_of(const command *c, const char *stream)
{
    char line[256];
    snprintf(line, sizeof(line),
             "ffprobe -v error -select_streams %s -show_entries packet=pts_time -of csv=p=0 "
             "sound.mkv | head -1",
             stream);
    return atof(command_shell(c, line));
}

/* The sound is read ahead of the picture, a good deal of it before the recording starts. */
static void test_sound(command *c)
{
    command_shell(c, "ffmpeg -v error -f lavfi -i testsrc2=size=160x120:rate=25 -f lavfi -i "
                     "sine=frequency=440 -t 20 -c:v mpeg4 -c:a aac long.mp4");
    command_play(c, program, "long.mp4 --loop");
    CHECK(command_sees_frames(c, 15));
    CHECK(command_do(c, "record sound.mkv") && command_sees_frames(c, 25));
    CHECK(command_do(c, "record off"));
    const double picture = start_of(c, "v"), sound = start_of(c, "a");
    CHECK_AT_MOST(sound - picture, 0.04);
    CHECK_AT_MOST(picture - sound, 0.1);
    CHECK_AT_MOST(command_quit(c, 0), 30);
}

/* The longest time without sound, and how long the sound ends before the picture. */
static void check_sound(const command *c, const char *name)
{
    char line[512];
    snprintf(line, sizeof(line),
             "ffprobe -v error -select_streams a -show_entries packet=pts_time -of csv=p=0 %s | "
             "tr -d , | sort -n | awk 'NR > 1 && $1 - last > gap {gap = $1 - last} {last = $1} "
             "END {print gap}'",
             name);
    CHECK_AT_MOST(atof(command_shell(c, line)), 2.5);
    double ends[2];
    for (int i = 0; i < 2; i++) {
        snprintf(line, sizeof(line),
                 "ffprobe -v error -select_streams %c -show_entries packet=pts_time -of csv=p=0 "
                 "%s | tr -d , | sort -n | tail -1",
                 "va"[i], name);
        ends[i] = atof(command_shell(c, line));
    }
    CHECK(ends[0] > 5);
    CHECK_AT_MOST(ends[0] - ends[1], 2.5);
}

/* 1 if there is sound, then silence for a second and more, and then sound again. */
static int has_silence_between(const command *c, const char *name)
{
    double from_s = -1, length_s = 0, end_s = 0;
    char line[512];
    snprintf(line, sizeof(line),
             "echo $(ffmpeg -v info -i %s -vn -af silencedetect=noise=-50dB:duration=1 -f null - "
             "2>&1 | sed -n 's/.*silence_start: //p; s/.*silence_duration: //p') "
             "$(ffprobe -v error -show_entries format=duration -of csv=p=0 %s)",
             name, name);
    const char *words = command_shell(c, line);
    const int n = sscanf(words, "%lf %lf %lf", &from_s, &length_s, &end_s);
    if (n == 3 && from_s > 0.5 && from_s + length_s < end_s - 0.5)
        return 1;
    fprintf(stderr, "    silence in %s: %s\n", name, words);
    return 0;
}

/* Of the inputs one has other sound, one none: an output of the start has sound all the time. */
static void test_sound_of_others(command *c)
{
    command_shell(c,
                  "ffmpeg -v error -f lavfi -i testsrc2=size=160x120:rate=25 -f lavfi -i "
                  "sine=frequency=330:sample_rate=44100 -t 20 -c:v mpeg4 -c:a mp3 -ac 1 other.mkv");
    command_shell(c, "ffmpeg -v error -f lavfi -i testsrc2=size=160x120:rate=25 -t 20 -c:v mpeg4 "
                     "silent.mp4");
    command_play(c, program, "long.mp4 --loop --no-window --to all.mkv --to all.ts");
    CHECK(command_sees_frames(c, 50));
    CHECK(command_do(c, "open silent.mp4") && command_sees_frames(c, 75));
    CHECK(command_do(c, "open other.mkv") && command_sees_frames(c, 75));
    CHECK_AT_MOST(command_quit(c, 0), 30);
    check_sound(c, "all.mkv");
    check_sound(c, "all.ts");
    CHECK(has_silence_between(c, "all.mkv"));
}

int main(int n_args, char **args)
{
    command c;
    if (n_args != 2)
        return 2;
    program = args[1];
    command_begin(&c, 3);
    test_peers(&c);
    test_reader_that_leaves(&c);
    test_sound(&c);
    test_sound_of_others(&c);
    return command_end(&c);
}
