//! Random schedules: jobs, faults and a restless user, all from one seed.

use rushes::engine::schedule::Dice;

use crate::network::Weather;
use crate::sabotage::Sabotage;
use crate::user::{Act, Order};
use crate::world::{Blow, Happening, Upset, World};

const DAY_MS: u64 = 24 * 3_600_000;
/// The words that a prompt may have; most have none.
const WORDS: [&str; 11] = [
    "sandbox:slow",
    "sandbox:moderation",
    "sandbox:timeout",
    "sandbox:lost-reply",
    "sandbox:lost-request",
    "sandbox:expired-result",
    "sandbox:partial",
    "sandbox:server-error",
    "sandbox:rate-limit",
    "sandbox:insufficient-credits",
    "sandbox:draft-expired",
];

/// The schedule of `seed`, run to its end.
pub fn schedule(seed: u64, sabotage: Sabotage, told: bool) -> World {
    let mut world = World::new(seed);
    world.sabotage = sabotage;
    world.trace.lines = told.then(String::new);
    let mut dice = Dice::new(seed ^ 0x5eed);
    world.weather = Weather::any(&mut dice);
    world.in_flight_arrives = dice.throw().is_multiple_of(2);
    world.sleeps_at_last = !seed.is_multiple_of(8);
    let end_ms = [20_000, 60_000, 300_000, 1_200_000][(dice.throw() % 4) as usize];
    if dice.throw().is_multiple_of(2) {
        let blow = Blow::ALL[dice.throw() as usize % Blow::ALL.len()];
        world.blow = Some((dice.throw() % 100, blow));
    }
    world.at(0, Happening::Start);
    for _ in 0..1 + dice.throw() % 5 {
        let at_ms = dice.throw() % (end_ms / 2);
        world.at(at_ms, Happening::Act(Act::Submit(order(&mut dice))));
    }
    for _ in 0..dice.throw() % 5 {
        let act = act(&mut dice);
        world.at(dice.throw() % end_ms, Happening::Act(act));
    }
    for _ in 0..dice.throw() % 5 {
        let at_ms = dice.throw() % end_ms;
        let (upset, over) = upset(&mut dice);
        world.at(at_ms, upset);
        if let Some(over) = over {
            let lasts_ms = [60_000, 60_000, 4_000_000][(dice.throw() % 3) as usize];
            world.at(at_ms + dice.throw() % lasts_ms, Happening::Upset(over));
        }
    }
    for _ in 0..dice.throw() % 3 {
        let (at_ms, nth) = (dice.throw() % end_ms, (dice.throw() % 3) as usize);
        let looks_up = dice.throw().is_multiple_of(2);
        let act = if looks_up { Act::LookUp(nth) } else { Act::Close(nth) };
        world.at(at_ms, Happening::Act(act));
    }
    beside(&mut world, seed, end_ms);
    world.at(end_ms, Happening::Upset(Upset::Calm));
    world.run();
    world
}

/// What comes beside all that, by dice of its own, so that seeds keep what they were about.
fn beside(world: &mut World, seed: u64, end_ms: u64) {
    let mut dice = Dice::new(seed ^ 0xbe51de);
    // Two studios have the same draft before them.
    if dice.throw().is_multiple_of(4) {
        let draft = Order { draft: true, ..Order::of("runware/1.5-pro") };
        world.at(dice.throw() % (end_ms / 4), Happening::Act(Act::Submit(draft)));
        for _ in 0..1 + dice.throw() % 3 {
            let nth = (dice.throw() % 2) as usize;
            world.at(dice.throw() % end_ms, Happening::Act(Act::PromoteTwice(nth)));
        }
    }
    // A verb is interrupted that has just stored a job.
    for _ in 0..(dice.throw() % 4).saturating_sub(1) {
        let at_ms = dice.throw() % end_ms;
        let ends = dice.throw().is_multiple_of(2);
        world.at(at_ms, Happening::Act(Act::Submit(order(&mut dice))));
        let nth = (dice.throw() % 3) as usize;
        world.at(at_ms + dice.throw() % 300, Happening::Act(Act::Interrupt(nth, ends)));
        let released_ms = at_ms + dice.throw() % end_ms;
        world.at(released_ms, Happening::Act(Act::Release(0)));
    }
    type Passing = fn(bool) -> Upset;
    let passing: [Passing; 2] = [Upset::FilesBlocked, Upset::NamesRefused];
    for upset in passing {
        if dice.throw().is_multiple_of(4) {
            let (at_ms, lasts_ms) = (dice.throw() % end_ms, dice.throw() % 4_000_000);
            world.at(at_ms, Happening::Upset(upset(true)));
            world.at(at_ms + lasts_ms, Happening::Upset(upset(false)));
        }
    }
}

fn order(dice: &mut Dice) -> Order {
    let model = ["runware/1.5-pro", "runware/1.0-pro", "runpod/1.0-pro", "runbase/1.0-pro"]
        [(dice.throw() % 4) as usize];
    let runware = model.starts_with("runware");
    Order {
        model,
        draft: model == "runware/1.5-pro" && dice.throw().is_multiple_of(2),
        results: if runware { 1 + (dice.throw() % 3) as u32 } else { 1 },
        word: if dice.throw().is_multiple_of(4) {
            WORDS[dice.throw() as usize % WORDS.len()]
        } else {
            ""
        },
    }
}

fn act(dice: &mut Dice) -> Act {
    let nth = (dice.throw() % 5) as usize;
    match dice.throw() % 6 {
        0 | 1 => Act::Stop(nth),
        2 => Act::Promote(nth),
        3 => Act::Again(nth),
        4 => Act::Submit(order(dice)),
        _ => Act::Quit(dice.throw() % 30_000),
    }
}

/// Something that befalls the machine, and what ends it.
fn upset(dice: &mut Dice) -> (Happening, Option<Upset>) {
    let (upset, over) = match dice.throw() % 14 {
        0 | 1 => (Upset::Crash, None),
        2 => (Upset::DiskFull(true), Some(Upset::DiskFull(false))),
        3 => (Upset::DatabaseBusy(true), Some(Upset::DatabaseBusy(false))),
        4 => {
            let jump_ms = (dice.throw() % (20 * DAY_MS)) as i64 - 10 * DAY_MS as i64;
            (Upset::WallJumps(jump_ms), None)
        }
        5 => (Upset::Sleeps(dice.throw() % (2 * DAY_MS)), None),
        6 => (Upset::FilesMove, None),
        7 => (Upset::FilesDie(true), Some(Upset::FilesDie(false))),
        8 => (Upset::KnowsNothing(true), Some(Upset::KnowsNothing(false))),
        9 | 12 => (Upset::KeyChanges, Some(Upset::KeyChanges)),
        10 | 11 => (Upset::Copied, Some(Upset::Restored)),
        _ => return (Happening::Steal, None),
    };
    (Happening::Upset(upset), over)
}
