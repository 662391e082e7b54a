//! The jobs beside the form: marks, copies, news.

use std::num::NonZeroU32;
use std::path::PathBuf;

use jiff::SignedDuration;
use unicode_width::UnicodeWidthStr as _;

use super::super::asked::Asked;
use super::super::dialog::Dialog;
use super::super::effect::{Effect, Load, Marking, Terminal, Write};
use super::super::jobs_view::glyph;
use super::super::msg::{Msg, Opened};
use super::super::poster::Poster;
use super::super::term::keyboard::Reply;
use super::kit::{Bench, dawn, story_wanted, submitted};
use super::take::{Take, draft, moderated, unreachable};
use crate::domain::catalog::RequestRate;
use crate::domain::event::JobEvent;
use crate::domain::job::{Charged, FailureClass, Job, JobError, JobState};
use crate::domain::wait::{Stuck, Wait};
use crate::media::picture::Picture;
use crate::words::images::Images;

#[test]
fn star_and_note_are_kept_and_read_again() {
    let fox = draft(60, "a fox").ready(20);
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    assert_eq!(bench.keys("<esc>*"), [Effect::Write(Write::Mark(fox.job.id, Marking::Star(true)))]);
    bench.list(&[fox.clone().starred()]);
    assert!(bench.screen(120, 36).contains('★'));
    assert_eq!(bench.keys("*"), [Effect::Write(Write::Mark(fox.job.id, Marking::Star(false)))]);
    let effects = bench.keys("nthe good one<enter>");
    assert_eq!(
        effects,
        [Effect::Write(Write::Mark(fox.job.id, Marking::Note("the good one".to_owned())))]
    );
    bench.list(&[fox.noted("the good one")]);
    assert!(bench.screen(120, 36).contains("the good one · a fox"));
}

#[test]
fn wins_stand_beside_the_star_and_outlive_it() {
    let fox = draft(60, "a fox").ready(20).won(2);
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    assert!(bench.screen(80, 24).contains("★ 2 wins  draft 1.5-pro"));
    bench.keys("<esc>3<enter>");
    bench.story(fox.story(None, &[]));
    assert!(bench.screen(80, 24).contains("│ ★ 2 wins "));
    let mut owl = draft(60, "an owl").ready(20).won(1);
    owl.entry.mark.starred = false;
    bench.list(&[owl]);
    bench.keys("<esc>");
    assert!(bench.screen(80, 24).contains(" 1 win  draft 1.5-pro"));
}

#[test]
fn y_then_a_letter_copies() {
    let fox = draft(60, "a fox").ready(20);
    let file = fox.job.files().next().expect("a file").path.clone();
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    bench.keys("<esc>");
    let copy = |text: String| [Effect::Terminal(Terminal::Copy(text))];
    assert_eq!(bench.keys("yp"), copy("a fox".to_owned()));
    assert_eq!(bench.toast(), "prompt copied");
    assert_eq!(bench.keys("yu"), copy(fox.job.outputs[0].url.clone()));
    assert_eq!(bench.keys("yf"), copy(format!("/data/{file}")));
    assert_eq!(bench.keys("ys"), copy(format!("scp mia@studio:/data/{file} .")));
}

#[test]
fn a_job_without_a_file_says_so_instead_of_copying() {
    let mut bench = Bench::with_jobs(&[draft(60, "a fox").running()]);
    assert!(bench.keys("<esc>yf").is_empty());
    assert_eq!(bench.toast(), "this job has no path yet");
    assert!(bench.keys("o").is_empty());
    assert_eq!(bench.toast(), "there is no file yet");
}

#[test]
fn what_ended_while_nobody_was_here_is_told_once() {
    let fox = draft(600, "a fox").ready(20);
    let (ready, bad) = (draft(60, "an owl").ready(20), draft(50, "a crow").failed(moderated()));
    let mut bench = Bench::new();
    bench.app.left_at = Some(dawn() - SignedDuration::from_secs(300));
    bench.list(&[bad.clone(), ready.clone(), fox.clone()]);
    assert_eq!(bench.toast(), "while you were away: 1 moderated, 1 ready");
    bench.later(60_000);
    bench.list(&[bad, ready, fox]);
    assert_eq!(bench.toast(), "");
}

#[test]
fn a_long_toast_takes_the_rows_that_it_needs() {
    let mut bench = Bench::with_jobs(&[draft(60, "a fox").running()]);
    bench.keys("<esc>p");
    let screen = bench.screen(60, 18);
    let last: Vec<&str> = screen.lines().skip(16).collect();
    assert!(last[0].starts_with(" ! not promoted: it is not ready yet"), "{screen}");
    assert!(last[1].trim_end().ends_with("full render"), "{screen}");
}

#[test]
fn a_clip_that_can_not_be_opened_here_offers_lines_to_copy() {
    let fox = draft(60, "a fox").ready(20);
    let path = PathBuf::from("/data").join(&fox.job.files().next().expect("a file").path);
    let mut bench = Bench::with_jobs(&[fox]);
    assert_eq!(bench.keys("<esc>o"), [Effect::Load(Load::Open(path.clone()))]);
    bench.tell(Msg::Nowhere {
        path: path.clone(),
        reason: "there is no display here".to_owned(),
        links: vec![("ssh", "ssh -L 1".to_owned())],
    });
    let screen = bench.screen(120, 36);
    assert!(screen.contains("there is no display here"), "{screen}");
    assert!(screen.contains("scp mia@studio:"), "{screen}");
    assert!(screen.contains("ssh     ssh -L 1"), "{screen}");
    let copied = bench.keys("<enter>");
    assert_eq!(copied, [Effect::Terminal(Terminal::Copy(path.display().to_string()))]);
    assert!(bench.app.dialog.is_none());
}

/// The words of the lines that are offered, the chosen one with a mark.
fn ways(bench: &mut Bench) -> Vec<String> {
    let path = bench.app.data_dir.join(&bench.app.jobs[0].job.files().next().expect("a file").path);
    let links = vec![("ssh", "ssh -L 1".to_owned()), ("kitten", "kitten transfer".to_owned())];
    bench.tell(Msg::Nowhere { path, reason: "no display".to_owned(), links });
    let Some(Dialog::Where { lines, chosen, .. }) = &bench.app.dialog else { panic!("no dialog") };
    let word = |(at, (word, _)): (usize, &(&str, String))| {
        format!("{}{word}", if at == *chosen { ">" } else { "" })
    };
    lines.iter().enumerate().map(word).collect()
}

#[test]
fn the_way_that_was_taken_is_chosen_again_in_the_same_place() {
    let mut bench = Bench::with_jobs(&[draft(60, "a fox").ready(20)]);
    assert_eq!(ways(&mut bench), [">path", "scp", "URL", "ssh"], "kitten only in kitty");
    bench.keys("j<enter>");
    assert_eq!(ways(&mut bench), ["path", ">scp", "URL", "ssh"]);
    bench.keys("<esc>");
    let effects = bench.later(1000);
    let kept = super::kit::saved(&effects).expect("a save").ways.clone();
    let elsewhere = Opened { from_place: "198.51.100.9".to_owned(), ..super::kit::opened() };
    bench.tell(Msg::Opened(Box::new(elsewhere)));
    assert_eq!(ways(&mut bench)[0], ">path", "nobody chose anything there");
    let text = serde_json::to_string(&kept).expect("text");
    assert_eq!(text, r#"[["192.0.2.7","scp"]]"#);
}

#[test]
fn iterm2_and_kitty_are_offered_what_they_alone_can_do() {
    let mut bench = Bench::closed();
    bench.tell(Msg::Opened(Box::new(Opened { images: Images::Auto, ..super::kit::opened() })));
    bench.list(&[draft(60, "a fox").ready(20)]);
    bench.tell(Msg::Reply(Reply::Version("kitty(0.36.4)".to_owned())));
    assert_eq!(ways(&mut bench), [">path", "scp", "URL", "ssh", "kitten"]);
    bench.tell(Msg::Reply(Reply::Version("iTerm2 3.5.1".to_owned())));
    assert_eq!(ways(&mut bench), [">path", "scp", "URL", "ssh", "send"]);
    assert!(bench.screen(120, 36).contains("to your own machine"));
    let path = bench.app.data_dir.join(&bench.app.jobs[0].job.files().next().expect("a file").path);
    assert_eq!(bench.keys("<up>jjjj<enter>"), [Effect::Load(Load::Send(path))]);
    assert_eq!(bench.tell(Msg::Sendable(Ok(vec![1]))), [Effect::Terminal(Terminal::Hand(vec![1]))]);
    bench.tell(Msg::Sendable(Err("the clip has 12.4 MB".to_owned())));
    assert_eq!(bench.toast(), "the clip has 12.4 MB");
}

#[test]
fn only_a_job_that_was_not_sent_can_be_stopped() {
    let queued = draft(3, "a fox");
    let mut bench = Bench::with_jobs(std::slice::from_ref(&queued));
    assert_eq!(bench.keys("<esc>x"), [Effect::Write(Write::Cancel(queued.job.id))]);
    bench.list(&[draft(3, "a fox").running()]);
    assert!(bench.keys("x").is_empty());
    assert!(bench.toast().contains("offers no way to stop it"), "{}", bench.toast());
    bench.list(&[draft(60, "a fox").ready(20)]);
    assert!(bench.keys("x").is_empty());
    assert_eq!(bench.toast(), "it has ended already");
}

/// What stands in the last row.
fn footer(bench: &mut Bench) -> String {
    bench.screen(120, 36).lines().last().unwrap_or_default().to_owned()
}

#[test]
fn the_footer_offers_what_leads_somewhere_on_this_job() {
    let mut bench = Bench::with_jobs(&[draft(60, "a fox").ready(20)]);
    bench.keys("<esc>3");
    let on_ready = footer(&mut bench);
    assert!(on_ready.contains("p promote") && on_ready.contains("o open"), "{on_ready}");
    assert!(!on_ready.contains("x cancel"), "{on_ready}");
    bench.list(&[draft(60, "a fox").failed(moderated())]);
    let on_failed = footer(&mut bench);
    assert!(on_failed.contains("R retry"), "{on_failed}");
    assert!(!on_failed.contains("promote") && !on_failed.contains("open"), "{on_failed}");
    bench.list(&[draft(3, "a fox")]);
    let on_queued = footer(&mut bench);
    assert!(on_queued.contains("x cancel") && !on_queued.contains("retry"), "{on_queued}");
    bench.list(&[]);
    assert!(!footer(&mut bench).contains("recall"), "{}", footer(&mut bench));
}

#[test]
fn what_a_job_waits_for_stands_in_list_and_detail() {
    let rate = RequestRate { max: NonZeroU32::MIN, window_s: NonZeroU32::MIN };
    let soon = dawn().checked_add(SignedDuration::from_secs(42)).expect("a time");
    let waits = [
        (Wait::Place { max: 4 }, "waits for a free slot", "is given 4 jobs at once"),
        (
            Wait::Pause { class: FailureClass::Rate, until: soon },
            "too many requests",
            "waits 42 s more",
        ),
        (Wait::Turn { rate, at: soon }, "waits its turn", "takes 1 requests in 1 s"),
    ];
    for (wait, short, sentence) in waits {
        let fox = draft(3, "a fox").kept_by(wait);
        let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
        bench.keys("<esc>3");
        for (columns, rows) in [(60, 18), (80, 24), (120, 36)] {
            let screen = bench.screen(columns, rows);
            assert!(screen.contains(short), "{columns}x{rows}:\n{screen}");
        }
        bench.keys("<enter>");
        bench.story(fox.story(None, &[]));
        let screen = bench.screen(120, 36);
        assert!(screen.contains(sentence), "{screen}");
    }
}

/// A wide one would push its row to the right, in the terminals that draw it so.
#[test]
fn every_glyph_of_a_state_is_one_cell() {
    for state in JobState::ALL {
        let job = Job { state: *state, ..draft(3, "a fox").job };
        let (glyph, _) = glyph(&job);
        assert_eq!(glyph.width(), 1, "{state}: {glyph}");
    }
}

#[test]
fn the_details_of_a_job_begin_with_its_prompt() {
    let words = "a fox runs over the snow, ".repeat(40);
    for (prompt, is_told_whole) in [("a fox in the snow", false), (&words, true)] {
        let fox = draft(60, prompt).ready(20);
        let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
        bench.keys("<esc>3<enter>");
        bench.story(fox.story(None, &[]));
        let screen = bench.screen(120, 50);
        let rows: Vec<&str> = screen.lines().collect();
        let head = rows.iter().position(|row| row.contains("✓ ready · ")).expect("its state");
        assert!(rows[head + 1].contains("a fox"), "{screen}");
        assert_eq!(screen.contains("the whole prompt:"), is_told_whole, "{screen}");
    }
}

#[test]
fn a_clip_that_can_not_be_fetched_says_so_where_the_job_stands() {
    let message = "the file's address answers 404".to_owned();
    let error = JobError::ours(FailureClass::Expired, "http404", message, Charged::Charged);
    let fox = draft(60, "a fox").saving(20).then(21, JobEvent::SaveFailed { index: 0, error });
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    bench.keys("<esc>3");
    for (columns, rows) in [(60, 18), (80, 24), (120, 36)] {
        let screen = bench.screen(columns, rows);
        assert!(screen.contains("not saved yet"), "{columns}x{rows}:\n{screen}");
        assert!(screen.contains("again in 3 s"), "{columns}x{rows}:\n{screen}");
    }
    let screen = bench.screen(120, 36);
    assert!(screen.contains("not saved yet (http404, charged): the file's address"), "{screen}");
    assert!(!screen.contains("submitting again"), "it is no end:\n{screen}");
}

#[test]
fn a_mark_stands_at_once_and_nothing_that_is_older_takes_it_back() {
    let fox = draft(60, "a fox").ready(20);
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    let star = |on| [Effect::Write(Write::Mark(fox.job.id, Marking::Star(on)))];
    let before = bench.asked(Asked::jobs);
    let listed = |generation, take: &Take| Msg::Jobs {
        generation,
        entries: vec![take.entry.clone()],
        spent: Vec::new(),
    };
    // Pressed faster than anything is stored: each press turns what stands on the screen.
    assert_eq!(bench.keys("<esc>3*"), star(true));
    assert_eq!(bench.keys("*"), star(false));
    assert_eq!(bench.keys("*"), star(true));
    assert!(bench.screen(120, 36).contains('★'));
    bench.tell(listed(before, &fox));
    assert!(bench.screen(120, 36).contains('★'), "a list that was read before");
    let stored = |bench: &mut Bench| bench.tell(Msg::Marked(Ok(())));
    assert_eq!(stored(&mut bench), []);
    assert_eq!(stored(&mut bench), []);
    assert!(matches!(stored(&mut bench)[..], [Effect::Load(Load::Jobs(_))]), "the last one reads");
    bench.tell(listed(before, &fox));
    assert!(bench.screen(120, 36).contains('★'), "an older list that comes later");
    // What could not be stored is not claimed for long.
    bench.tell(Msg::Marked(Err("the disk is full".to_owned())));
    assert_eq!(bench.toast(), "the disk is full");
    let newest = bench.asked(Asked::jobs);
    bench.tell(listed(newest, &fox));
    assert!(!bench.screen(120, 36).contains('★'));
}

#[test]
fn an_open_job_is_read_again_when_something_was_stored() {
    let fox = draft(60, "a fox").running();
    let mut bench = Bench::with_jobs(std::slice::from_ref(&fox));
    bench.keys("<esc>3<enter>");
    let ready = draft(60, "a fox").ready(20);
    assert_eq!(story_wanted(&bench.list(&[ready])), Some(fox.job.id));
}

#[test]
fn a_command_about_no_job_says_so() {
    let mut bench = Bench::new();
    for key in ["p", "o", "r", "m", "R", "x", "*", "n", "yp"] {
        assert!(bench.keys(&format!("<esc>3{key}")).is_empty(), "{key}");
        assert_eq!(bench.toast(), "no job is chosen", "{key}");
        assert!(bench.app.dialog.is_none(), "{key}");
    }
}

#[test]
fn a_job_that_ends_is_told_and_notified_only_where_nobody_looks() {
    let running = draft(60, "a fox").running();
    for (in_front, notifies) in [(true, false), (false, true)] {
        let mut bench = Bench::with_jobs(std::slice::from_ref(&running));
        bench.tell(Msg::Focus(in_front));
        let effects = bench.list(&[draft(60, "a fox").ready(20)]);
        let notified =
            effects.contains(&Effect::Terminal(Terminal::Notify("draft ready: a fox".to_owned())));
        assert_eq!(notified, notifies, "{effects:?}");
        assert_eq!(bench.toast(), "draft ready: a fox");
        bench.later(5000);
        assert_eq!(bench.toast(), "", "and the words go again");
    }
}

#[test]
fn a_job_that_ended_before_the_studio_was_open_is_no_news() {
    let mut bench = Bench::new();
    bench.tell(Msg::Focus(false));
    let effects = bench.list(&[draft(60, "a fox").failed(moderated())]);
    assert!(
        !effects.iter().any(|effect| matches!(effect, Effect::Terminal(Terminal::Notify(_)))),
        "{effects:?}"
    );
}

#[test]
fn the_job_that_was_just_submitted_is_chosen_once_it_is_listed() {
    let old = draft(600, "an owl").ready(20);
    let mut bench = Bench::with_jobs(std::slice::from_ref(&old));
    submitted(&bench.keys("a fox<f5>"));
    let new = draft(0, "a fox");
    let asked = bench.tell(Msg::Submitted(new.job.id));
    assert!(matches!(asked[0], Effect::Load(Load::Jobs(_))));
    bench.list(&[new.clone(), old]);
    assert_eq!(bench.app.entry().map(|entry| entry.job.id), Some(new.job.id));
}

#[test]
fn drafts_that_wait_to_be_promoted_are_counted() {
    let first = draft(900, "a fox").ready(20);
    let second = draft(800, "an owl").ready(20);
    let promoted = first.promoted(60, "1080p");
    let failed = draft(700, "a heron").failed(moderated());
    let old = draft(8 * 86_400, "a crow").ready(20);
    let mut bench = Bench::with_jobs(&[failed.clone(), second.clone(), first.clone(), old.clone()]);
    assert_eq!(bench.app.seen().drafts_waiting(), 2);
    assert!(bench.screen(120, 36).contains("⇡ 2 drafts"));
    bench.list(&[promoted, failed, second, first, old]);
    assert_eq!(bench.app.seen().drafts_waiting(), 1);
    assert!(bench.screen(120, 36).contains("⇡ 1 draft\n"));
}

#[test]
fn a_second_studio_says_that_it_follows_at_every_size() {
    let mut bench = Bench::with_jobs(&[draft(60, "a fox").running()]);
    bench.lives(vec![draft(60, "a fox").running().live()], false);
    for (columns, rows) in [(60, 18), (80, 24), (120, 36), (200, 60)] {
        let screen = bench.screen(columns, rows);
        let header = screen.lines().next().expect("a header").to_owned();
        assert!(header.contains("follows"), "{columns}x{rows}: {header}");
    }
    bench.lives(Vec::new(), true);
    assert!(!bench.screen(120, 36).contains("follows"));
}

#[test]
fn a_provider_that_does_not_answer_is_said_in_the_header() {
    let mut bench = Bench::new();
    let troubles = vec![("sandbox".to_owned(), unreachable())];
    bench.tell(Msg::Lives { version: 1, driving: true, lives: Vec::new(), stuck: None, troubles });
    assert!(bench.screen(120, 36).contains("no answer, asking again"));
}

#[test]
fn a_running_job_asks_for_one_look_a_second_and_an_idle_studio_for_none() {
    let mut bench = Bench::with_jobs(&[draft(9, "a fox").running()]);
    let tick = bench.app.next_tick().expect("a clock that runs");
    assert_eq!(tick.duration_since(bench.now).as_secs(), 1);
    bench.list(&[draft(60, "an owl").ready(20)]);
    bench.later(60_000);
    assert_eq!(bench.app.next_tick(), None);
}

#[test]
fn the_poster_of_the_chosen_clip_is_asked_for_once_and_a_stale_one_is_dropped() {
    let (fox, owl) = (draft(60, "a fox").ready(20), draft(90, "an owl").ready(20));
    let mut bench = Bench::new();
    bench.tell(Msg::Resize(120, 36));
    let wanted = |effects: &[Effect]| {
        let path = |effect: &Effect| match effect {
            Effect::Load(Load::Poster { path, .. }) => Some(path.clone()),
            _ => None,
        };
        effects.iter().filter_map(path).collect::<Vec<_>>()
    };
    let first = wanted(&bench.list(&[fox.clone(), owl.clone()]));
    assert_eq!(first.len(), 1);
    assert!(wanted(&bench.later(1000)).is_empty(), "asked for once");
    bench.keys("<esc>j");
    let picture = Picture { width_px: 2, height_px: 2, rgb: vec![9; 12] };
    bench.tell(Msg::Poster { path: first[0].clone(), sheet: false, picture: Ok(picture) });
    assert!(matches!(bench.app.poster, Some((_, Poster::Coming))), "it was the other clip's");
    bench.keys("k");
    let why = "the clip is damaged".to_owned();
    bench.tell(Msg::Poster { path: first[0].clone(), sheet: false, picture: Err(why.clone()) });
    assert!(bench.screen(120, 36).contains(&why));
}

#[test]
fn several_results_are_listed_with_their_charge() {
    use crate::domain::request::Choices;
    let choices = Choices { results: Some(3), ..super::take::wish("three foxes") };
    let take = super::take::render(60, "sandbox/1.0-pro", choices).ready(40);
    let charge = take.job.charge().expect("a charge").to_string();
    let mut bench = Bench::with_jobs(&[take]);
    let screen = bench.screen(120, 36);
    assert!(screen.contains("×3") && screen.contains(&charge), "{screen}");
}

#[test]
fn a_draft_that_was_edited_or_whose_final_failed_still_waits_to_be_promoted() {
    use crate::domain::job::Relation;
    let fox = draft(900, "a fox").ready(20);
    let edited = draft(60, "a grey fox").child_of(&fox, Relation::Edit).running();
    let failed = fox.promoted(50, "1080p").failed(unreachable());
    let bench = Bench::with_jobs(&[failed, edited, fox]);
    assert_eq!(bench.app.seen().drafts_waiting(), 1);
}

#[test]
fn a_disk_without_room_is_said_for_as_long_as_nothing_is_sent() {
    let mut bench = Bench::new();
    let lives = |stuck| Msg::Lives {
        version: 1,
        driving: true,
        lives: Vec::new(),
        stuck,
        troubles: Vec::new(),
    };
    bench.tell(lives(Some(Stuck::Storing(
        "the disk is full: nothing new is sent until it has room",
    ))));
    assert_eq!(bench.toast(), "the disk is full: nothing new is sent until it has room");
    bench.later(60_000);
    assert!(bench.screen(80, 24).contains("nothing can be stored, nothing is sent"));
    bench.tell(lives(None));
    assert_eq!(bench.toast(), "everything that waited for the disk is stored; the jobs go on");
    assert!(!bench.screen(80, 24).contains("nothing can be stored"));
}

#[test]
fn a_driver_that_is_stopped_is_named_for_as_long_as_it_keeps_the_jobs() {
    let mut bench = Bench::new();
    let lives = |stuck| Msg::Lives {
        version: 1,
        driving: false,
        lives: Vec::new(),
        stuck,
        troubles: Vec::new(),
    };
    bench.tell(lives(Some(Stuck::Stopped { pid: 1234 })));
    assert!(bench.toast().ends_with("is stopped: fg or kill -CONT 1234"), "{}", bench.toast());
    bench.later(60_000);
    assert!(bench.screen(80, 24).contains("stopped: fg or kill -CONT 1234"));
    bench.tell(lives(None));
    assert_eq!(bench.toast(), "it goes on");
    assert!(!bench.screen(80, 24).contains("kill -CONT"));
}
