#!/bin/sh
# Clips as cameras, editors and services make them, for `corpus.rs`: makes them in the folder named, with ffmpeg.
# The frames of a clip differ, so that a wrong one is seen.
set -eu
cd "$1"
ff() { ffmpeg -nostdin -v error -y "$@"; }
source="testsrc2=s=128x72:r=24:d=2"
x264="-c:v libx264 -preset veryfast -pix_fmt yuv420p -crf 12"
x265="-c:v libx265 -preset veryfast -pix_fmt yuv420p -x265-params log-level=none:keyint=24"
sound="sine=f=440:d=2"

# Plain: with and without frames out of order, fragmented, with sound.
ff -f lavfi -i "$source" $x264 -g 24 plain.mp4
ff -f lavfi -i "$source" $x264 -bf 0 in-order.mp4
ff -f lavfi -i "$source" $x264 -g 12 -bf 3 pyramid.mov
ff -f lavfi -i "$source" $x264 -g 12 -movflags frag_keyframe+empty_moov fragmented.mp4
ff -f lavfi -i "$source" $x264 -g 12 -movflags frag_keyframe+empty_moov+negative_cts_offsets shifted.mp4
ff -f lavfi -i "$source" -f lavfi -i "$sound" $x264 -c:a aac -shortest sound.mp4
ff -f lavfi -i "$source" -f lavfi -i "$sound" $x264 -c:a aac -map 1 -map 0 sound-first.mp4
ff -f lavfi -i "$source" $x265 -tag:v hvc1 hevc.mp4
ff -f lavfi -i "$source" $x264 -use_editlist 0 no-list.mp4

# Cut without encoding anew: the edit list hides what lies before the cut, and behind it.
for from in 0.10 0.25 0.52 0.98 1.40; do
  ff -ss $from -i plain.mp4 -c copy cut-$from.mp4
  ff -ss $from -t 0.5 -i plain.mp4 -c copy part-$from.mp4
done
ff -ss 0.52 -i pyramid.mov -c copy cut-pyramid.mov
ff -ss 0.52 -i sound.mp4 -c copy cut-sound.mp4
ff -ss 0.52 -i in-order.mp4 -c copy cut-in-order.mp4
ff -ss 0.52 -i hevc.mp4 -c copy -tag:v hvc1 cut-hevc.mp4
ff -t 1.01 -i plain.mp4 -c copy begin.mp4
ff -itsoffset 0.5 -i plain.mp4 -i sound.mp4 -map 0:v -map 1:a -c copy late.mp4
ff -ss 0.3 -i plain.mp4 -c copy -movie_timescale 24 coarse.mp4

# Turned and mirrored.
for turn in 90 180 270; do
  ff -i plain.mp4 -c copy -metadata:s:v rotate=$turn turned-$turn.mp4
  ff -i hevc.mp4 -c copy -tag:v hvc1 -metadata:s:v rotate=$turn turned-hevc-$turn.mp4
done
ff -ss 0.52 -i turned-90.mp4 -c copy cut-turned.mp4

# Pixels that are no squares.
ff -f lavfi -i "$source,setsar=4/3" $x264 wide-pixels.mp4
ff -f lavfi -i "$source,setsar=3/4" $x264 narrow-pixels.mp4
ff -f lavfi -i "$source,setsar=10/11" $x264 dv-pixels.mov
ff -f lavfi -i "$source,setsar=4/3" $x265 -tag:v hvc1 wide-hevc.mp4
ff -i wide-pixels.mp4 -c copy -metadata:s:v rotate=90 wide-turned.mp4

# Uneven times: gaps, a frame held, another rate from the middle on, odd rates.
ff -f lavfi -i "$source,select='not(between(n,10,30))'" -fps_mode passthrough $x264 gap.mp4
ff -f lavfi -i "$source,select='not(mod(n,7))+lt(n,12)'" -fps_mode passthrough $x264 uneven.mp4
ff -f lavfi -i "$source,select='not(between(n,10,30))'" -fps_mode passthrough $x265 -tag:v hvc1 gap-hevc.mp4
ff -ss 0.2 -i gap.mp4 -c copy cut-gap.mp4
ff -f lavfi -i "testsrc2=s=128x72:r=30000/1001:d=2" $x264 ntsc.mp4
ff -f lavfi -i "testsrc2=s=128x72:r=60:d=1" $x264 sixty.mp4
ff -f lavfi -i "testsrc2=s=128x72:r=24:d=0.04" $x264 one-frame.mp4
ff -f lavfi -i "testsrc2=s=128x72:r=2:d=3" $x264 slow.mp4

# Several tracks.
ff -i plain.mp4 -i in-order.mp4 -map 0 -map 1 -c copy two-pictures.mp4
ff -i plain.mp4 -i sound.mp4 -map 0:v -map 1:a -map 1:a -c copy two-sounds.mp4
ff -i hevc.mp4 -i plain.mp4 -map 0 -map 1 -c copy -tag:v:0 hvc1 hevc-first.mp4
ff -f lavfi -i "$source" -frames:v 1 cover.jpg
ff -i plain.mp4 -i cover.jpg -map 0 -map 1 -c copy -disposition:v:1 attached_pic cover.mp4
rm cover.jpg
