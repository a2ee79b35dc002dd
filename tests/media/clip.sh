# clip.sh: what the tests of convert share: clips, and comparisons by ffprobe. Sourced, with $command set.
set -euo pipefail
media=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset BRUSHCAST_MODELS
export XDG_DATA_HOME=$work
# A sanitizer's finding must not look like a failed conversion.
export ASAN_OPTIONS=${ASAN_OPTIONS-}:exitcode=99 TSAN_OPTIONS=${TSAN_OPTIONS-}:exitcode=99 UBSAN_OPTIONS=${UBSAN_OPTIONS-}:exitcode=99

fail() {
    echo "failed: $*" >&2
    [ ! -s messages ] || cat messages >&2
    exit 1
}

make() { ffmpeg -nostdin -v error -y "$@"; }

# turn SOURCE DEGREES RESULT: a copy with a display matrix, by the option of newer FFmpegs or the tag that 5.1 makes it of.
turn() {
    make -display_rotation "$2" -i "$1" -c copy "$3" 2>/dev/null || make -i "$1" -c copy -metadata:s:v rotate="$2" "$3"
    grep -q '^rotation=-\?[1-9]' <(ffprobe -v error -show_entries stream_side_data=rotation "$3") || fail "$3 is not turned"
}

# convert STATUS ARGS...: runs the command and expects an exit status; its messages are in ./messages.
convert() {
    local expected=$1 status=0
    shift
    timeout 60 "$command" convert "$@" 2>messages </dev/null || status=$?
    [ $status -eq "$expected" ] || fail "exit status $status, not $expected: convert $*"
}

# The video's index, not counting cover pictures.
video_of() {
    ffprobe -v error -show_entries stream=index,codec_type:stream_disposition=attached_pic -of csv=p=0 "$1" |
        awk -F, '$2 == "video" && $3 == 0 { print $1; exit }'
}

# Presentation times of the video's frames, in milliseconds, sorted.
times_of() {
    ffprobe -v error -select_streams "$(video_of "$1")" -show_entries frame=best_effort_timestamp_time -of csv=p=0 "$1" |
        awk -F, '$1 != "" { printf "%.0f\n", $1 * 1000 }'
}

# The width and height that people see.
shown_size_of() {
    ffprobe -v error -select_streams "$(video_of "$1")" -show_entries stream=width,height:stream_side_data=rotation \
        -of default=nw=1 "$1" | awk -F= '{ v[$1] = $2 }
            END { turned = v["rotation"] % 180 != 0; print turned ? v["height"] "x" v["width"] : v["width"] "x" v["height"] }'
}

duration_of() { ffprobe -v error -show_entries format=duration -of csv=p=0 "$1"; }

# A hash of each stream of sound and subtitles.
copies_of() {
    ffmpeg -nostdin -v error -i "$1" -map 0:a? -map 0:s? -c copy -f streamhash - 2>/dev/null | sed '/^[0-9]*,v,/d'
}

same() { # WHAT A B
    [ "$2" = "$3" ] || fail "$1: '$2' became '$3'"
}

# same_times A B: as many frames, each within a millisecond.
same_times() {
    paste -d' ' <(times_of "$1") <(times_of "$2") | awk -v n="$(times_of "$1" | wc -l)" '
        NF != 2 || $1 - $2 > 1 || $2 - $1 > 1 { print "frame " NR ": " $0; exit 1 } END { if (NR != n || n == 0) exit 1 }' ||
        fail "times of $1 and $2"
}

last_as_long() { # A B
    awk -v a="$(duration_of "$1")" -v b="$(duration_of "$2")" 'BEGIN { exit a - b > 0.0011 || b - a > 0.0011 }'
}

# As long as the source; or as its copy by the ffmpeg program, as muxers since FFmpeg 7.1 reckon the end of B-frames and of
# sound that is trimmed in other ways for what they are given by encoders and for what they are given by demuxers.
same_duration() {
    local copy=copied.${2##*.}
    last_as_long "$1" "$2" && return
    make -copyts -i "$1" -map 0 -c copy -avoid_negative_ts disabled "$copy" 2>/dev/null && last_as_long "$copy" "$2" ||
        fail "duration: $(duration_of "$1") became $(duration_of "$2")"
}

# check_kept A B: what must be the same whatever is painted.
check_kept() {
    same_times "$1" "$2"
    same_duration "$1" "$2"
    same "size of $1" "$(shown_size_of "$1")" "$(shown_size_of "$2")"
    same "sound and subtitles of $1" "$(copies_of "$1")" "$(copies_of "$2")"
}

# Mean PSNR in dB of two videos' frames as shown, or "inf".
psnr_of() {
    ffmpeg -nostdin -v info -i "$1" -i "$2" -lavfi "[0:v]settb=1/25,setpts=N[a];[1:v]settb=1/25,setpts=N[b];[a][b]psnr" -f null - 2>&1 |
        sed -n 's/.*PSNR.*average:\([^ ]*\).*/\1/p'
}

# A net with one style, "odd", from the golden fixtures.
make_net() {
    mkdir -p net/styles
    cp "$1/odd.autoencoder.safetensors" net/autoencoder.safetensors
    cp "$1/odd.bank.safetensors" net/styles/odd.safetensors
}
