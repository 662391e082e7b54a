use std::path::PathBuf;

use super::*;
use crate::domain::job::JobId;
use crate::domain::request::{Field, OutputFormat};
use crate::domain::sample;
use crate::domain::setting::Value;

#[test]
fn a_clip_s_name_leads_back_to_its_job() {
    let model = sample::model("sandbox/1.5-pro");
    for (prompt, results) in [("A red fox!", 1), ("夜市 3-0-1", 4), ("……", 1)] {
        let request = sample::request(model, |choices| {
            (choices.prompt, choices.results) = (prompt.to_owned(), Some(results));
        });
        let job = sample::job(7, model, request);
        let path = clip_path(&job, 2);
        assert_eq!(JobId::of_clip(&path), Some(job.id), "{path}");
    }
    for other in ["fox.mp4", "clips/x/fox-1.mp4", "狐狐狐狐狐狐狐狐狐狐狐狐狐.mp4", "", "/"]
    {
        assert_eq!(JobId::of_clip(other), None, "{other}");
    }
}

const PROMPTS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/prompts/scripts.txt"));
const CLIP: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/clips/high.mp4"));

/// Result `index` of `job`, kept below `data_dir` as a whole transfer keeps it, and its `.part`.
fn kept(data_dir: &Path, job: &Job, index: usize) -> (ClipFile, PathBuf) {
    let places = Places {
        data_dir: data_dir.to_owned(),
        config_file: data_dir.join("config.toml"),
        config_is_named: false,
        profile: None,
    };
    let (mut part, path) = create(&places, job, index).expect("a part");
    part.write_all(CLIP).expect("room");
    let of_part = part.path().to_owned();
    let bytes = CLIP.len() as u64;
    let clip =
        ClipFile { path, bytes, sha256: hex(&Sha256::digest(CLIP)), facts: None, cut: false };
    let clip = keep(part, &places, job, index, clip).expect("a clip");
    let full = places.clip(&clip.path);
    assert_eq!(fs::read(&full).expect("a clip"), CLIP);
    let sidecar = sidecar::read(&full.with_extension("json")).expect("a sidecar");
    assert_eq!((sidecar.output, sidecar.file, sidecar.job.id), (index, clip.clone(), job.id));
    (clip, of_part)
}

/// A job for `results` clips of `prompt`, the first of which is there to be fetched.
fn job(prompt: &str, results: u32, format: Option<OutputFormat>) -> Job {
    let model = sample::model("runware/1.5-pro");
    let request = sample::request(model, |choices| {
        (choices.prompt, choices.results) = (prompt.to_owned(), Some(results));
        choices.options.put(Field::Format, format.map(Value::word));
    });
    let mut job = sample::job(7, model, request);
    job.outputs = (0..results).map(|number| sample::output(&number.to_string())).collect();
    job
}

/// Names took so many characters, of which a Chinese prompt's have three bytes: the `.part` of a clip that was
/// paid for had more than any file system takes.
#[test]
fn clips_of_prompts_in_every_script_are_kept_under_names_that_every_file_system_takes() {
    let data = tempfile::tempdir().expect("a folder");
    let formats =
        [None, Some(OutputFormat::Mp4), Some(OutputFormat::Webm), Some(OutputFormat::Mov)];
    for prompt in PROMPTS.lines() {
        for (format, results) in formats.iter().flat_map(|format| [(*format, 1), (*format, 4)]) {
            let job = job(prompt, results, format);
            for index in 0..results as usize {
                let (clip, part) = kept(data.path(), &job, index);
                assert_eq!(clip.path, clip_path(&job, index), "the prompt's words are kept");
                assert_eq!(JobId::of_clip(&clip.path), Some(job.id), "{}", clip.path);
                let bytes = part.file_name().expect("a name").len();
                assert!(bytes <= 143, "{bytes} bytes: {}", part.display());
            }
        }
    }
    let left = fs::read_dir(data.path().join("clips")).expect("a folder").flatten();
    let left = left.flat_map(|day| fs::read_dir(day.path()).expect("a day").flatten());
    assert!(left.map(|one| one.path()).all(|one| one.extension() != Some("part".as_ref())));
}

/// The whole path may not be longer than 4,095 bytes either, which refuses the name with the prompt's words
/// here, and not that of the id alone.
#[test]
fn where_a_name_is_refused_the_id_alone_is_the_name() {
    let data = tempfile::tempdir().expect("a folder");
    let job = job(PROMPTS.lines().next().expect("a prompt"), 2, None);
    let bytes = |path: &str| data.path().join(path).as_os_str().len();
    let room = 4095 - bytes(&bare_path(&job, 1)) - ".0123456789abcdef.part".len() - 20;
    let mut deep = data.path().to_owned();
    for length in [200; 30].into_iter().scan(room, |left, _| {
        let length = (*left).min(200);
        *left -= length;
        (length > 1).then_some(length)
    }) {
        deep.push("x".repeat(length - 1));
    }
    let (clip, _) = kept(&deep, &job, 1);
    assert_eq!(clip.path, bare_path(&job, 1));
    assert_eq!(JobId::of_clip(&clip.path), Some(job.id));
}

/// A file system may take the part's name and not the clip's.
#[test]
fn where_a_clip_can_not_take_its_name_the_id_alone_is_the_name() {
    let data = tempfile::tempdir().expect("a folder");
    let job = job("a fox", 1, None);
    let taken = data.path().join(clip_path(&job, 0));
    fs::create_dir_all(taken.join("a folder at that name")).expect("a folder");
    let (clip, _) = kept(data.path(), &job, 0);
    assert_eq!(clip.path, bare_path(&job, 0));
    assert_eq!(fs::read_dir(taken.parent().expect("a day")).expect("a day").count(), 3);
}

#[test]
fn two_transfers_of_one_clip_never_write_into_one_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let full = folder.path().join("day").join("fox.mp4");
    let mut first = create_for(&full).expect("a file");
    first.write_all(b"half of").expect("room");
    let mut second = create_for(&full).expect("another file");
    second.write_all(b"the whole clip").expect("room");
    first.write_all(b" something").expect("room");
    put_in_place(first.path(), &full).expect_err("its name went to the second");
    put_in_place(second.path(), &full).expect("a clip");
    assert_eq!(fs::read(&full).expect("a clip"), b"the whole clip");
    assert_eq!(fs::read_dir(folder.path().join("day")).expect("a folder").count(), 1);
}

/// Whoever may write into the folder must not lead a clip, its part or its sidecar to another place.
#[test]
fn links_in_the_way_of_a_clip_are_replaced_and_never_followed() {
    let data = tempfile::tempdir().expect("a folder");
    let job = job("a fox", 1, None);
    let clip = data.path().join(clip_path(&job, 0));
    fs::create_dir_all(clip.parent().expect("a day")).expect("a folder");
    let precious = data.path().join("precious");
    fs::write(&precious, "the user's own").expect("a file");
    let mut sidecar_part = clip.with_extension("json").into_os_string();
    sidecar_part.push(".part");
    for link in [clip.clone(), clip.with_extension("json"), sidecar_part.into()] {
        std::os::unix::fs::symlink(&precious, link).expect("a link");
    }
    let (kept, _) = kept(data.path(), &job, 0);
    assert_eq!(data.path().join(kept.path), clip);
    assert!(fs::symlink_metadata(&clip).expect("a clip").is_file());
    assert_eq!(fs::read(&precious).expect("a file"), b"the user's own");
}

#[test]
fn a_reply_that_is_not_the_whole_file_is_none() {
    let begin = |status, total, range| {
        let begun = Transfer::begin(status, total, range, 1000);
        begun.map(|transfer| transfer.progress.total).map_err(|trouble| trouble.error.code)
    };
    for (total, range) in [(None, None), (Some(1000), None), (Some(7), Some("bytes 0-6/7"))] {
        assert_eq!(begin(200, total, range), Ok(total));
    }
    // A cache may answer so although nobody asked for a part.
    assert_eq!(begin(206, Some(7), Some("bytes 0-6/7")), Ok(Some(7)));
    assert_eq!(begin(206, None, Some("bytes 0-6/7")), Ok(Some(7)));
    for range in [
        None,
        Some("bytes 0-6/8"),
        Some("bytes 1-7/8"),
        Some("bytes 0-6/*"),
        Some("bytes */7"),
        Some("bytes 0-18446744073709551615/0"),
        Some("0-6/7"),
        Some(""),
    ] {
        assert_eq!(begin(206, Some(7), range), Err("truncated".to_owned()), "{range:?}");
    }
    assert_eq!(begin(206, Some(6), Some("bytes 0-6/7")), Err("truncated".to_owned()));
    for status in [204, 205] {
        assert_eq!(begin(status, None, None), Err("truncated".to_owned()));
    }
    for status in [202, 203, 304, 404, 500] {
        assert_eq!(begin(status, None, None), Err(format!("http{status}")));
    }
    assert_eq!(begin(200, Some(1001), None), Err("tooLarge".to_owned()));
    for status in [204, 206, 500] {
        let trouble = Transfer::begin(status, Some(1001), None, 1000).expect_err("no file");
        let advice = trouble.error.advice();
        assert!(advice.starts_with("It was paid for"), "nobody is told to pay again: {advice}");
    }
    let mut counted = Transfer::begin(200, None, None, 1000).expect("begun");
    counted.take(1000).expect("as many as may be");
    assert_eq!(counted.take(1).expect_err("one more").error.code, "tooLarge");
}

/// A process that is killed leaves its parts, and whoever drives next removes them, whatever became of the job; and a
/// sidecar that was written for one, since a repair would take its clip for one that was deleted.
#[test]
fn parts_of_killed_processes_go_and_nothing_else() {
    let data = tempfile::tempdir().expect("a folder");
    let places = Places {
        data_dir: data.path().to_owned(),
        config_file: data.path().join("config.toml"),
        config_is_named: false,
        profile: None,
    };
    let (clip, _) = kept(data.path(), &job("a fox", 1, None), 0);
    let whole = places.clip(&clip.path);
    let day = whole.parent().expect("a day");
    let other = "heron-018f0000-0000-7000-8000-000000000001";
    let stay = ["holiday.mp4.part", "notes.0123456789abcdef.part", "fox.mp4"];
    let go = [
        format!("{other}.mp4.0123456789abcdef.part"),
        format!("{other}.json"),
        format!("{other}.json.0123456789abcdef.part"),
        format!("{}.0123456789abcdef.part", whole.file_name().expect("a name").display()),
    ];
    for name in stay.iter().copied().chain(go.iter().map(String::as_str)) {
        fs::write(day.join(name), "some bytes").expect("a file");
    }
    remove_parts(&places);
    for name in stay {
        assert!(day.join(name).exists(), "{name}");
    }
    for name in go {
        assert!(!day.join(&name).exists(), "{name}");
    }
    assert!(whole.exists() && whole.with_extension("json").exists());
}

/// It was called ready without a word: nobody looked into a WebM.
#[test]
fn a_webm_that_breaks_off_is_kept_only_as_one_that_does() {
    let data = tempfile::tempdir().expect("a folder");
    let job = job("a fox", 1, Some(OutputFormat::Webm));
    let places = Places {
        data_dir: data.path().to_owned(),
        config_file: data.path().join("config.toml"),
        config_is_named: false,
        profile: None,
    };
    let keep_bytes = |content: &[u8], takes_cut| {
        let (mut part, path) = create(&places, &job, 0).expect("a part");
        part.write_all(content).expect("room");
        let sha256 = hex(&Sha256::digest(content));
        let clip =
            ClipFile { path, bytes: content.len() as u64, sha256, facts: None, cut: takes_cut };
        keep(part, &places, &job, 0, clip)
    };
    // A header without content, and a segment with a cluster of two bytes.
    let whole = [&webm::HEADER[..], b"\x80\x18\x53\x80\x67\x87\x1f\x43\xb6\x75\x82ab"].concat();
    for takes_cut in [false, true] {
        assert!(!keep_bytes(&whole, takes_cut).expect("a clip").cut);
    }
    let part = &whole[..whole.len() - 1];
    let error = keep_bytes(part, false).expect_err("it breaks off");
    assert!(matches!(error.kind, SaveTroubleKind::Cut { .. }), "{error:?}");
    assert!(keep_bytes(part, true).expect("a clip").cut);
}
