//! A result is a file, not a URL (law 4).

use super::script::*;
use crate::domain::event::JobEvent;
use crate::domain::job::{ClipFile, FailureClass, Inline, JobId, JobState, Output};
use crate::domain::outcome::{Report, SaveTrouble, SaveTroubleKind, Sighting};
use crate::domain::sample;
use crate::engine::{Command, Engine, Input};

const DAY_MS: u64 = 24 * 3_600_000;
const MOVED: &str = "https://elsewhere.example/a.mp4";

#[test]
fn a_transfer_that_breaks_off_is_tried_again_later_and_later() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    for longest_ms in [1_250, 2_500, 5_000, 10_000] {
        script.save(job, 0, Err(broken()));
        let wait_ms = script.engine.next_deadline_ms().expect("a deadline") - script.mono_ms;
        assert!((longest_ms * 4 / 5..=longest_ms).contains(&wait_ms), "{wait_ms}");
        assert_eq!(script.error_class(job), Some(FailureClass::Network));
    }
    script.save(job, 0, Ok(()));
    let row = &script.rows[&job];
    assert_eq!((row.state, row.download_tries), (JobState::Succeeded, 4));
    assert_eq!(row.error, None, "what passed is no error any more");
}

#[test]
fn a_dead_address_is_asked_for_anew() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Err(gone()));
    script.poll(job, moved());
    let fetched = script.save(job, 0, Ok(()));
    assert_eq!(fetched.url, MOVED);
    assert_eq!(
        script.story(job),
        "created sent accepted output_ready rendered save_failed output_moved saved succeeded"
    );
    assert_eq!(script.error_class(job), None);
}

#[test]
fn the_nearest_expiry_is_fetched_first() {
    let mut script = Script::new();
    let [first, second] = [0; 2].map(|_| script.job(ROOMY, 1));
    script.reply(first, busy(Some(10_000)));
    script.reply(second, accepted());
    script.reply(first, accepted());
    let jobs: Vec<JobId> = script.polled().iter().map(|target| target.job).collect();
    script.answer_poll(jobs, Ok(vec![(first, seen(&["a"], 0)), (second, seen(&["b"], 0))]));
    let saves = script.open.iter().filter_map(|command| match command {
        Command::Save { job, .. } => Some(job.id),
        _ => None,
    });
    assert_eq!(saves.collect::<Vec<_>>(), [second, first]);
}

#[test]
fn a_restart_fetches_what_was_not_saved_yet_and_nothing_else() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 2);
    script.poll(job, seen(&["a", "b"], 0));
    script.save(job, 0, Ok(()));
    script.crash();
    assert!(matches!(&script.open[..], [Command::Save { index: 1, .. }]), "{:?}", script.open);
    script.save(job, 1, Ok(()));
    assert_eq!(script.state(job), JobState::Succeeded);
}

fn moved() -> Sighting {
    let output = Output { url: MOVED.to_owned(), ..sample::output("a") };
    Sighting::Seen(Report { outputs: vec![output], ..Report::default() })
}

#[test]
fn an_address_that_moves_during_a_transfer_is_used_for_the_next_one() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 2);
    script.poll(job, seen(&["a"], 1));
    // `give` has an eye on it that no result is fetched twice at once.
    script.poll(job, moved());
    let fetched = script.save(job, 0, Err(gone()));
    assert_ne!(fetched.url, MOVED);
    assert_eq!(script.save(job, 0, Ok(())).url, MOVED);
}

#[test]
fn an_address_that_refuses_connections_is_asked_for_anew_at_the_second_time() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Err(broken()));
    script.save(job, 0, Err(broken()));
    script.poll(job, moved());
    assert_eq!(script.save(job, 0, Ok(())).url, MOVED);
    assert_eq!(script.state(job), JobState::Succeeded);
}

/// Its bytes are in no database: what is left after a crash is that it came so.
#[test]
fn a_clip_that_came_within_an_answer_is_asked_for_anew_where_its_process_died() {
    let within = |inline| {
        let output = Output { url: "data:".to_owned(), inline, ..sample::output("a") };
        Sighting::Seen(Report { outputs: vec![output], ..Report::default() })
    };
    let clip = Inline(vec![1, 2, 3].into());
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, within(Some(clip.clone())));
    assert_eq!(script.rows[&job].outputs[0].inline, None, "what is stored");
    script.crash();
    assert_eq!(script.save(job, 0, Err(gone())).inline, None, "what a new process knows");
    script.poll(job, within(Some(clip.clone())));
    let full = || SaveTrouble { error: sample::error(FailureClass::Disk), ..broken() };
    // No room on the disk: it is not asked for again, and at hand.
    assert_eq!(script.save(job, 0, Err(full())).inline, Some(clip.clone()));
    assert_eq!(script.save(job, 0, Ok(())).inline, Some(clip));
    assert_eq!(script.state(job), JobState::Succeeded);
}

/// One that is no clip is as good as an address that is dead.
#[test]
fn what_came_within_an_answer_and_is_no_clip_is_asked_for_anew() {
    let within = |byte| {
        let inline = Some(Inline(vec![byte].into()));
        let output = Output { url: "data:".to_owned(), inline, ..sample::output("a") };
        Sighting::Seen(Report { outputs: vec![output], ..Report::default() })
    };
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, within(1));
    script.save(job, 0, Err(broken()));
    script.save(job, 0, Err(gone()));
    script.poll(job, within(2));
    assert_eq!(script.save(job, 0, Ok(())).inline, Some(Inline(vec![2].into())));
}

/// It was there for days, and a job that was given up after 36 seconds never came back.
#[test]
fn an_address_that_is_dead_for_hours_is_asked_less_and_less_and_never_given_up() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    let (began_ms, mut fetches) = (script.mono_ms, 0);
    while script.mono_ms - began_ms < 24 * 3_600_000 {
        script.save(job, 0, Err(gone()));
        while script.take(|command| matches!(command, Command::Poll { .. })).is_some() {
            script.answer_poll(vec![job], Ok(vec![(job, seen(&["a"], 0))]));
        }
        fetches += 1;
    }
    assert_eq!(script.state(job), JobState::Downloading);
    assert!((40..80).contains(&fetches), "{fetches} in a day");
    script.save(job, 0, Ok(()));
    assert_eq!(script.state(job), JobState::Succeeded);
}

#[test]
fn a_file_that_its_provider_no_longer_keeps_leaves_the_job_in_doubt_to_be_asked_for_again() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    for trouble in [broken(), gone()] {
        script.save(job, 0, Err(trouble));
    }
    script.set_clock(script.mono_ms + 7 * DAY_MS);
    script.save(job, 0, Err(gone()));
    assert_eq!(script.state(job), JobState::Downloading, "a day more than its provider says");
    script.set_clock(script.mono_ms + 2 * DAY_MS);
    script.save(job, 0, Err(gone()));
    let row = &script.rows[&job];
    assert_eq!((row.state, row.outputs[0].lost), (JobState::InDoubt, true));
    assert_eq!(script.error_class(job), Some(FailureClass::Expired));
    assert_eq!(row.charge().map(|charge| charge.0), Some(72_920), "it was paid for");

    // The user looked it up, and the provider has it.
    let how = "looked up".to_owned();
    script.decide(job, JobEvent::Recovered { how });
    assert_eq!((script.rows[&job].failures.len(), script.error_class(job)), (0, None));
    script.poll(job, moved());
    script.save(job, 0, Err(gone()));
    assert_eq!(script.save(job, 0, Ok(())).url, MOVED);
    assert_eq!(script.state(job), JobState::Succeeded);
}

#[test]
fn one_file_saved_and_one_lost_is_a_success_that_says_so_and_can_be_looked_up() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 2);
    script.poll(job, seen(&["a", "b"], 0));
    script.save(job, 1, Ok(()));
    script.set_clock(script.mono_ms + 9 * DAY_MS);
    script.save(job, 0, Err(gone()));
    assert_eq!(script.state(job), JobState::Succeeded);
    assert_eq!(script.rows[&job].files().count(), 1);
    assert_eq!(script.error_class(job), Some(FailureClass::Expired), "the user is told");
    assert!(script.rows[&job].may_be_recovered());
    script.decide(job, JobEvent::Recovered { how: "looked up".to_owned() });
    script.poll(job, seen(&["a", "b"], 0));
    script.save(job, 0, Ok(()));
    let row = &script.rows[&job];
    assert_eq!(
        (row.state, row.files().count(), row.may_be_recovered()),
        (JobState::Succeeded, 2, false)
    );
}

#[test]
fn a_service_that_gives_a_dead_address_anew_each_time_is_not_run_after() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    let (began_ms, mut fetches) = (script.mono_ms, 0_u64);
    while script.mono_ms - began_ms < 3_600_000 {
        script.save(job, 0, Err(gone()));
        fetches += 1;
        while script.take(|command| matches!(command, Command::Poll { .. })).is_some() {
            let output = sample::output("a");
            let url = format!("{}?signed={fetches}", output.url);
            let outputs = vec![Output { url, ..output }];
            let told = Sighting::Seen(Report { outputs, ..Report::default() });
            script.answer_poll(vec![job], Ok(vec![(job, told)]));
        }
    }
    assert!(fetches < 20, "{fetches} in an hour");
}

/// A service that gives no ids and signs its addresses anew: one clip, not one more with each poll.
#[test]
fn addresses_that_are_signed_anew_are_one_result() {
    let nameless = |path: &str, sign: u32| {
        let url = format!("https://files.example/{path}.mp4?signed={sign}");
        Output { remote_id: url.clone(), url, ..sample::output("a") }
    };
    let told = |outputs: Vec<Output>, pending| {
        Sighting::Seen(Report { outputs, pending, ..Report::default() })
    };
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 3);
    script.poll(job, told(vec![nameless("a", 1)], 2));
    script.poll(job, told(vec![nameless("x/a", 2), nameless("x/b", 2)], 1));
    // Which of them is the first one, and which is new, nobody could tell: in whatever order they come.
    assert_eq!((script.rows[&job].outputs.len(), script.state(job)), (0, JobState::Running));
    let all = ["y/b", "y/c", "y/a"].map(|path| nameless(path, 3));
    script.poll(job, told(all.to_vec(), 0));
    let urls: Vec<&str> = script.rows[&job].outputs.iter().map(|one| &*one.url).collect();
    assert_eq!(
        (urls, script.state(job)),
        (all.iter().map(|one| &*one.url).collect(), JobState::Downloading)
    );
    script.save(job, 0, Err(gone()));
    script.poll(job, told(["y/b", "y/c", "y/a"].map(|path| nameless(path, 4)).to_vec(), 0));
    assert_eq!(script.save(job, 0, Ok(())).url, "https://files.example/y/b.mp4?signed=4");
    // A log that grew with each signature would have an event for each: one is stored when it is used.
    assert_eq!(script.story(job).matches("output_moved").count(), 1);
}

/// Such a clip is many megabytes, and another signature makes it no smaller.
/// A clip by what is in it.
fn clip_of(content: &str) -> ClipFile {
    ClipFile { sha256: content.to_owned(), ..sample::clip(content) }
}

/// One could not be saved at first, and the service told the addresses in another order then: the other one's clip was
/// saved twice, and its own never.
#[test]
fn a_clip_that_is_saved_already_is_known_by_what_is_in_it() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 3);
    let all = |paths: [&str; 3]| {
        let output = |path: &str| {
            let url = format!("https://files.example/{path}.mp4");
            Output { remote_id: url.clone(), ..Output::at(String::new(), url) }
        };
        Sighting::Seen(Report { outputs: paths.map(output).to_vec(), ..Report::default() })
    };
    script.poll(job, all(["1/a", "1/b", "1/c"]));
    script.save_as(job, 0, Ok(clip_of("a")));
    script.save_as(job, 1, Err(gone()));
    script.save_as(job, 2, Err(gone()));
    script.poll(job, all(["2/b", "2/c", "2/a"]));
    let mut fetched = Vec::new();
    for _ in 0..8 {
        for index in [1, 2] {
            let is_it = |command: &Command| matches!(command, Command::Save { index: nr, .. } if *nr == index);
            let Some(Command::Save { output, .. }) = script.take(is_it) else { continue };
            let content = &output.url[output.url.len() - "a.mp4".len()..][..1];
            fetched.push(format!("{index}{content}"));
            script.give(Input::Saved { job, index, outcome: Ok(clip_of(content)) });
        }
    }
    let files = script.rows[&job].outputs.iter().filter_map(|output| output.file.as_ref());
    let mut contents: Vec<&str> = files.map(|file| file.sha256.as_str()).collect();
    contents.sort_unstable();
    assert_eq!(
        (script.state(job), contents),
        (JobState::Succeeded, vec!["a", "b", "c"]),
        "{fetched:?}"
    );
}

/// Nobody knows how many there are, where a service gives the same one at each of its addresses.
#[test]
fn a_service_that_gives_one_clip_at_all_addresses_is_believed_in_the_end() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 2);
    let output = |path: &str| {
        let url = format!("https://files.example/{path}.mp4");
        Output { remote_id: url.clone(), ..Output::at(String::new(), url) }
    };
    let outputs = ["a", "b"].map(output).to_vec();
    script.poll(job, Sighting::Seen(Report { outputs, ..Report::default() }));
    for index in [0, 1, 1, 1] {
        script.save_as(job, index, Ok(clip_of("same")));
    }
    assert_eq!(script.state(job), JobState::Succeeded);
    // Those that have ids are what they are called.
    let named = script.running(KEEPS_RECORDS, 2);
    script.poll(named, seen(&["a", "b"], 0));
    for index in [0, 1] {
        script.save_as(named, index, Ok(clip_of("same")));
    }
    assert_eq!(script.state(named), JobState::Succeeded);
}

#[test]
fn what_is_too_large_is_not_fetched_at_once_because_its_address_is_signed_anew() {
    for (named, at_once) in [("?signed=", 0), ("/", 3)] {
        let mut script = Script::new();
        let job = script.running(KEEPS_RECORDS, 2);
        script.poll(job, seen(&["a"], 1));
        let (began_ms, mut fetches, mut polls) = (script.mono_ms, 0, 0);
        // The other result still renders, so that it is asked for all the time, also during each transfer.
        while script.mono_ms - began_ms < 4 * 3_600_000 {
            polls += 1;
            let url = format!("https://files.example/a.mp4{named}{polls}");
            let outputs = vec![Output { url, ..sample::output("a") }];
            script.poll(job, Sighting::Seen(Report { outputs, pending: 1, ..Report::default() }));
            if script.take(|command| matches!(command, Command::Save { .. })).is_some() {
                fetches += 1;
                let trouble = SaveTrouble { kind: SaveTroubleKind::TooLarge, ..broken() };
                script.give(Input::Saved { job, index: 0, outcome: Err(trouble) });
            }
        }
        assert!((5 + at_once..=9 + at_once).contains(&fetches), "{fetches} of {polls}");
        let moved = script.story(job).matches("output_moved").count();
        assert_eq!(moved, fetches - 1, "each is stored when it is used");
    }
}

/// What it keeps, and for how long, is then not known.
#[test]
fn no_file_is_given_up_for_its_age_at_a_provider_that_the_catalog_no_longer_has() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    script.engine = Engine::new(&[], 7);
    script.open.clear();
    script.give(adopt(script.rows.values().cloned().collect::<Vec<_>>()));
    for _ in 0..3 {
        script.set_clock(script.mono_ms + 5 * DAY_MS);
        script.save(job, 0, Err(gone()));
        assert_eq!(script.state(job), JobState::Downloading);
    }
    script.save(job, 0, Ok(()));
    assert_eq!(script.state(job), JobState::Succeeded);
}

/// Four cuts in a quarter of a minute once made half a clip "ready".
#[test]
fn a_file_that_breaks_off_is_fetched_whole_for_an_hour_before_it_is_kept_as_it_is() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 2);
    script.poll(job, seen(&["a", "b"], 0));
    // What befalls another result does not count.
    for _ in 0..9 {
        script.save(job, 1, Err(broken()));
    }
    let began_ms = script.mono_ms;
    while !script.keeps_cut(job, 0) {
        script.save(job, 0, Err(cut_off(9_000)));
        assert_eq!(script.state(job), JobState::Downloading);
    }
    assert!(script.mono_ms - began_ms >= 3_600_000, "{}", script.mono_ms - began_ms);
    // One that breaks off elsewhere each time is no file that a service has so.
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    for nr in 0..60 {
        assert!(!script.keeps_cut(job, 0));
        script.save(job, 0, Err(cut_off(9_000 + nr)));
    }
}

/// Its provider keeps nothing better, and in an hour nothing at all.
#[test]
fn a_file_that_breaks_off_is_taken_before_it_is_gone() {
    let mut script = Script::new();
    let job = script.running(KEEPS_RECORDS, 1);
    script.poll(job, seen(&["a"], 0));
    script.save(job, 0, Err(cut_off(9_000)));
    script.set_clock(script.mono_ms + 9 * DAY_MS);
    script.save(job, 0, Err(cut_off(8_000)));
    assert!(script.keeps_cut(job, 0));
    script.save(job, 0, Ok(()));
    assert_eq!(script.state(job), JobState::Succeeded);
}
