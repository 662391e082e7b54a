//! Catalog files: the built-in ones hold together, and a wrong one is named with its line.

use super::*;
use crate::domain::sample;

/// A model table with nothing but what is needed; lines 2 to 19 of [`file`].
const MODEL: &str = r#"[[model]]
id = "mine"
wire_id = "me:1@1"
name = "Mine"
as_of = "2026-11-20"
sure = "mine"
status = { kind = "live" }
expected_wait_s = 10
prompt = { min_chars = 2 }
duration = { min_s = 4, max_s = 8, step_s = 1, default_s = 5 }
fps = 24
size = { text = "width_height", image = "width_height" }
default_resolution = "480p"
[model.dimensions]
"480p" = { "16:9" = [864, 480] }
[model.price]
unit = "unknown"
sure = "not published"
"#;

fn file(change: impl FnOnce(String) -> String) -> String {
    format!("for_provider = \"runware\"\n{}", change(MODEL.to_owned()))
}

/// What is wrong with a user's file, as a person reads it, and the catalog with it.
fn load(text: &str) -> (Catalog, Vec<String>) {
    let (catalog, problems) = Catalog::load(&[CatalogFile { name: "mine.toml", text }]);
    (catalog, problems.iter().map(ToString::to_string).collect())
}

fn has(catalog: &Catalog, id: &str) -> bool {
    catalog.model(&id.parse().expect("a model id")).is_some()
}

#[test]
fn no_text_of_a_catalog_steers_what_is_seen() {
    let text = file(|model| {
        model
            .replace("\"Mine\"", "\"M\\u001b\u{2066}i\\U000E0041ne\"")
            .replace("\"mine\"\n", "\"m\u{61c}ine\"\n")
    });
    let (catalog, problems) = load(&text);
    assert_eq!(problems, [""; 0]);
    let mine = catalog.models.iter().find(|model| model.id == "mine").expect("a model");
    assert_eq!((mine.name.as_str(), mine.sure.as_str()), ("M ine", "mine"));
    let (_, problems) = load("\"\u{202e}wrong\" = 1");
    assert!(problems[0].starts_with("mine.toml:1: 'wrong' is not known here"), "{problems:?}");
}

#[test]
fn the_built_in_catalog_has_no_problems() {
    let (catalog, problems) = Catalog::load(&[]);
    assert_eq!(problems, []);
    for id in [
        "runware/1.0-pro",
        "runware/1.0-pro-fast",
        "runware/1.5-pro",
        "runpod/1.0-pro",
        "runbase/1.0-pro",
        "sandbox/1.5-pro",
    ] {
        assert!(has(&catalog, id), "{id}");
    }
    for model in &catalog.models {
        let successor = model.status.successor.as_ref();
        let id = successor.map(|id| format!("{}/{id}", model.provider));
        assert!(id.is_none_or(|id| has(&catalog, &id)), "{} names a successor", model.key());
    }
}

/// The tables of the model pages (source documents 000 and 003).
#[test]
fn sizes_are_those_of_the_model_pages() {
    let pixels = |model: &str, resolution: &str, aspect: &str| {
        let aspect = aspect.parse().expect("a ratio");
        sample::model(model).pixels(resolution.parse().expect("a resolution"), aspect)
    };
    for (aspect, low, high) in [
        ("16:9", (864, 480), (1920, 1088)),
        ("4:3", (736, 544), (1664, 1248)),
        ("1:1", (640, 640), (1440, 1440)),
        ("3:4", (544, 736), (1248, 1664)),
        ("9:16", (480, 864), (1088, 1920)),
        ("21:9", (960, 416), (2176, 928)),
        ("9:21", (416, 960), (928, 2176)),
    ] {
        for model in ["runware/1.0-pro", "runware/1.0-pro-fast"] {
            assert_eq!(pixels(model, "480p", aspect), Some(low), "{model} {aspect}");
            assert_eq!(pixels(model, "1080p", aspect), Some(high), "{model} {aspect}");
        }
    }
    for (aspect, sizes) in [
        ("16:9", [(864, 496), (1280, 720), (1920, 1080)]),
        ("4:3", [(752, 560), (1112, 834), (1664, 1248)]),
        ("1:1", [(640, 640), (960, 960), (1440, 1440)]),
        ("3:4", [(560, 752), (834, 1112), (1248, 1664)]),
        ("9:16", [(496, 864), (720, 1280), (1080, 1920)]),
        ("21:9", [(992, 432), (1470, 630), (2205, 945)]),
    ] {
        for (resolution, size) in ["480p", "720p", "1080p"].into_iter().zip(sizes) {
            assert_eq!(pixels("runware/1.5-pro", resolution, aspect), Some(size), "{aspect}");
        }
    }
    let offered: Vec<String> =
        sample::model("runware/1.0-pro-fast").resolutions().map(|one| one.to_string()).collect();
    assert_eq!(offered, ["480p", "1080p"], "720p was not verified");
}

#[test]
fn a_users_model_joins_its_provider_and_the_sandbox() {
    let (catalog, problems) = load(&file(|model| model));
    assert_eq!(problems, [""; 0]);
    assert!(has(&catalog, "runware/mine"));
    assert!(has(&catalog, "sandbox/mine"), "the sandbox offers all that Runware has");
}

#[test]
fn a_users_table_replaces_the_built_in_one_and_its_mirror() {
    let text = file(|model| model.replace("\"mine\"\nwire", "\"1.0-pro\"\nwire"));
    let (catalog, problems) = load(&text);
    assert_eq!(problems, [""; 0]);
    for id in ["runware/1.0-pro", "sandbox/1.0-pro"] {
        let model = catalog.model(&id.parse().expect("a model id")).expect("a model");
        assert_eq!((model.name.as_str(), model.wire_id.as_str()), ("Mine", "me:1@1"), "{id}");
    }
    assert_eq!(catalog.models.len(), sample::catalog().models.len());
}

#[test]
fn the_sandbox_stands_for_models_that_their_maker_has_ended() {
    assert_eq!(sample::model("runware/1.5-pro").status.kind, StatusKind::RetiredUpstream);
    let copy = sample::model("sandbox/1.5-pro");
    assert_eq!((copy.status.kind, copy.status.successor.clone()), (StatusKind::Live, None));
    assert!(copy.status.note.starts_with("stands for runware/1.5-pro: "), "{}", copy.status.note);
}

#[test]
fn what_is_wrong_is_named_with_its_file_and_line_and_the_rest_loads() {
    let twice = |second: &str| file(|model| format!("{model}\n{}", model.replace("mine", second)));
    for (text, expected) in [
        ("for_provider = \"runware\"\nid =\n".to_owned(), "mine.toml:2: not TOML: "),
        (file(|model| model.replace("fps = 24", "fpz = 24")), "mine.toml:12: unknown field `fpz`"),
        (
            file(|model| model.replace("fps = 24", "fps = \"24\"")),
            "mine.toml:12: invalid type: string, expected u32",
        ),
        (file(|model| model.replace("fps = 24\n", "")), "mine.toml:2: missing field `fps`"),
        (
            file(|model| model.replace("[864, 480]", "[864]")),
            "mine.toml:16: write [width, height] with 16 to 8192 pixels each",
        ),
        (
            file(|model| model.replace("\"16:9\" = [864, 480]", "")),
            "mine.toml:2: model 'mine': dimensions needs a row with at least one ratio",
        ),
        (
            file(|model| model.replace("resolution = \"480p\"", "resolution = \"720p\"")),
            "mine.toml:2: model 'mine': default_resolution names 720p, which has no row in dimensions",
        ),
        (
            file(|model| model.replace("unit = \"unknown\"", "unit = \"tokens\"")),
            "mine.toml:2: model 'mine': price.usd has no rate for 480p",
        ),
        (
            file(|model| model.replace("default_s = 5", "default_s = 9")),
            "mine.toml:2: model 'mine': duration.default_s is not one of the lengths it allows",
        ),
        (
            file(|model| model.replace("kind = \"live\"", "kind = \"lively\"")),
            "mine.toml:8: unknown variant `lively`",
        ),
        (twice("mine"), "mine.toml:21: model 'mine' stands twice in this file; the first is kept"),
        (
            file(|model| format!("colour = \"red\"\n{model}")),
            "mine.toml:2: 'colour' is not known here; a catalog file has [provider] or for_provider",
        ),
    ] {
        let (catalog, problems) = load(&text);
        let [problem] = &problems[..] else { panic!("{problems:?} for {text}") };
        assert!(problem.starts_with(expected), "{problem}\n  instead of\n{expected}");
        assert!(has(&catalog, "runware/1.0-pro") && has(&catalog, "sandbox/1.5-pro"), "{expected}");
    }
}

#[test]
fn one_wrong_table_does_not_hide_its_neighbours() {
    let text = file(|model| {
        let wrong = model.replace("mine", "wrong").replace("fps = 24", "fps = -1");
        format!("{wrong}\n{model}")
    });
    let (catalog, problems) = load(&text);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(has(&catalog, "runware/mine") && !has(&catalog, "runware/wrong"));
}

#[test]
fn models_need_a_provider_that_is_known() {
    let (catalog, problems) = load(&format!("for_provider = \"runwear\"\n{MODEL}"));
    let known = "for_provider 'runwear' is unknown; known are runware, runpod, runbase, sandbox";
    assert_eq!(problems[0], format!("mine.toml:1: {known}"));
    assert!(!has(&catalog, "runwear/mine"));
    let (_, problems) = load(MODEL);
    let [problem] = &problems[..] else { panic!("{problems:?}") };
    assert!(problem.starts_with("mine.toml:1: its models belong to no provider"), "{problem}");
}

#[test]
fn a_file_may_bring_its_own_provider() {
    let provider = "[provider]\nid = \"own\"\nname = \"Own\"\nprotocol = \"runware\"\nbase_url = \"https://own.example\"\n";
    let (catalog, problems) = load(&format!("{provider}{MODEL}"));
    assert_eq!(problems, [""; 0]);
    assert!(has(&catalog, "own/mine"));
    let own = catalog.provider("own").expect("a provider");
    assert_eq!((own.max_live_jobs, own.can_look_up, own.can_cancel), (4, false, false));
}

#[test]
fn a_mistyped_model_has_near_ones() {
    let near = |typed: &str| sample::catalog().suggestions(typed);
    assert_eq!(near("runbase/1.5-pro"), ["runware/1.5-pro", "sandbox/1.5-pro"]);
    assert_eq!(near("runpod/9"), ["runpod/1.0-pro"]);
    assert_eq!(near("runware/1.5-por"), ["runware/1.5-pro"]);
    assert_eq!(near("runwrae/1.0-pr"), ["runware/1.0-pro"]);
    assert_eq!(near("what").len(), sample::catalog().models.len());
}

/// What is fetched for a clip is bounded by what it can be, and the bound is never in a real clip's way: 50 Mbit/s are
/// what cameras give for 1080p.
#[test]
fn a_clip_has_as_many_bytes_as_its_pixels_and_its_length_allow() {
    let bound = |id: &str, resolution: &str, seconds: &str| {
        let model = sample::model(id);
        let request = sample::request(model, |choices| {
            choices.resolution = Some(resolution.parse().expect("a resolution"));
            choices.duration = Some(seconds.parse().expect("a length"));
        });
        sample::catalog().max_clip_bytes(&request)
    };
    assert_eq!(bound("runware/1.0-pro", "480p", "1.2"), 64 << 20);
    let hd = bound("runware/1.0-pro", "1080p", "5");
    assert_eq!(hd, 1920 * 1088 * 120 * 6 / 8);
    assert!(hd > 5 * 50_000_000 / 8 && hd < 200 << 20, "{hd}");
    assert!(bound("runware/1.0-pro", "1080p", "10") == 2 * hd);
    // Its provider computes the size.
    let computed = bound("runbase/1.0-pro", "1080p", "5");
    assert_eq!(computed, 1920 * 1080 * 120 * 6 / 8);
    let unknown = Catalog::default();
    let request = sample::request(sample::model("runware/1.0-pro"), |_| {});
    assert_eq!(unknown.max_clip_bytes(&request), 2 << 30);
}
