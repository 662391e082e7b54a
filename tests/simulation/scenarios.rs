//! Scripted scenarios, and a blow at every boundary of each: before and after every commit, every command,
//! every request that arrives, every chunk of a file, and its rename. The power goes, the disk is full, or
//! another program takes the lease.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rushes::domain::job::JobState;

use crate::user::{Act, Order};
use crate::world::{Blow, Happening, Upset, World};

/// A story, as times and what happens then.
pub struct Scenario {
    pub name: &'static str,
    story: fn(&mut World),
}

const DRAFTS: Order = Order { draft: true, ..Order::of("runware/1.5-pro") };
const RUNWARE: Order = Order::of("runware/1.0-pro");
const RUNPOD: Order = Order::of("runpod/1.0-pro");
const RUNBASE: Order = Order::of("runbase/1.0-pro");
const DAY_MS: u64 = 24 * 3_600_000;
/// When the faults of a scenario are over, wherever the power went in it.
const CALM_MS: u64 = 2 * DAY_MS;

const fn scenario(name: &'static str, story: fn(&mut World)) -> Scenario {
    Scenario { name, story }
}

const fn with(order: Order, word: &'static str) -> Order {
    Order { word, ..order }
}

/// Every scenario.
pub const SCENARIOS: &[Scenario] = &[
    scenario("Runware, one clip", |world| world.orders(&[RUNWARE])),
    scenario("Runware, three clips of one job", |world| {
        world.orders(&[Order { results: 3, ..RUNWARE }]);
    }),
    scenario("Runware, the last of three fails", |world| {
        world.orders(&[Order { results: 3, ..with(RUNWARE, "sandbox:partial") }]);
    }),
    scenario("Runware, a draft and its final", |world| {
        world.orders(&[DRAFTS]);
        world.at(600_000, Happening::Act(Act::Promote(0)));
    }),
    scenario("two studios promote one draft", |world| {
        world.orders(&[DRAFTS]);
        world.at(600_000, Happening::Act(Act::PromoteTwice(0)));
        world.at(660_000, Happening::Act(Act::PromoteTwice(0)));
    }),
    scenario("interrupted before it is sent, then released", |world| {
        world.orders(&[RUNWARE, RUNPOD]);
        world.at(15, Happening::Act(Act::Interrupt(0, true)));
        world.at(16, Happening::Act(Act::Interrupt(1, false)));
        world.at(600_000, Happening::Act(Act::Release(0)));
        world.at(601_000, Happening::Act(Act::Release(0)));
    }),
    scenario("Runware, a reply is lost", |world| {
        world.orders(&[with(RUNWARE, "sandbox:lost-reply")]);
    }),
    scenario("Runware, a request is lost", |world| {
        world.orders(&[with(RUNWARE, "sandbox:lost-request")]);
    }),
    scenario("Runware, too many requests", |world| {
        world.orders(&[with(RUNWARE, "sandbox:rate-limit")]);
    }),
    scenario("Runware, a page of HTML", |world| {
        world.orders(&[with(RUNWARE, "sandbox:server-error")]);
    }),
    scenario("Runware, moderated", |world| world.orders(&[with(RUNWARE, "sandbox:moderation")])),
    scenario("Runware, the result is gone", |world| {
        world.orders(&[with(RUNWARE, "sandbox:expired-result")]);
    }),
    scenario("Runware, six jobs for four places", |world| world.orders(&[RUNWARE; 6])),
    scenario("Runware, a job that waits is stopped", |world| {
        world.orders(&[RUNWARE; 5]);
        world.at(500, Happening::Act(Act::Stop(4)));
    }),
    scenario("RunPod, one clip", |world| world.orders(&[RUNPOD])),
    scenario("RunPod, a reply is lost", |world| {
        world.orders(&[with(RUNPOD, "sandbox:lost-reply")]);
    }),
    scenario("RunPod, in doubt and submitted again", |world| {
        world.orders(&[with(RUNPOD, "sandbox:lost-reply")]);
        world.at(600_000, Happening::Act(Act::Again(0)));
    }),
    scenario("RunPod, stopped while it runs", |world| {
        world.orders(&[RUNPOD]);
        world.at(4_000, Happening::Act(Act::Stop(0)));
    }),
    scenario("RunPod, slept until the result is forgotten", |world| {
        world.orders(&[RUNPOD]);
        world.at(4_000, Happening::Upset(Upset::Sleeps(DAY_MS)));
    }),
    scenario("Runbase, one clip", |world| world.orders(&[RUNBASE])),
    scenario("Runbase, a reply is lost", |world| {
        world.orders(&[with(RUNBASE, "sandbox:lost-reply")]);
    }),
    scenario("Runbase, moderated", |world| world.orders(&[with(RUNBASE, "sandbox:moderation")])),
    scenario("all three at once", |world| world.orders(&[RUNWARE, RUNPOD, RUNBASE])),
    scenario("the address dies while the file comes", |world| {
        world.orders(&[RUNWARE]);
        world.breaks_next_file = true;
    }),
    scenario("the disk is full while the file comes", |world| {
        world.orders(&[RUNWARE]);
        world.at(21_500, Happening::Upset(Upset::DiskFull(true)));
        world.at(90_000, Happening::Upset(Upset::DiskFull(false)));
    }),
    scenario("the file system refuses the name while the file comes", |world| {
        world.orders(&[RUNWARE, RUNPOD]);
        world.at(21_500, Happening::Upset(Upset::NamesRefused(true)));
    }),
    scenario("the file's address is blocked for an hour", |world| {
        world.orders(&[RUNWARE, RUNPOD]);
        world.at(5_000, Happening::Upset(Upset::FilesBlocked(true)));
        world.at(3_605_000, Happening::Upset(Upset::FilesBlocked(false)));
    }),
    scenario("the database is busy when the reply comes", |world| {
        world.orders(&[RUNWARE, RUNPOD]);
        world.at(150, Happening::Upset(Upset::DatabaseBusy(true)));
        world.at(3_000, Happening::Upset(Upset::DatabaseBusy(false)));
    }),
    scenario("the lease is stolen while it runs", |world| {
        world.orders(&[RUNWARE, RUNPOD]);
        world.at(5_000, Happening::Steal);
    }),
    scenario("the lease is stolen while it is sent", |world| {
        world.orders(&[RUNWARE, RUNPOD]);
        world.at(150, Happening::Steal);
    }),
    scenario("the laptop sleeps for a day", |world| {
        world.orders(&[RUNWARE, RUNBASE]);
        world.at(5_000, Happening::Upset(Upset::Sleeps(DAY_MS)));
    }),
    scenario("the wall clock jumps a week ahead", |world| {
        world.orders(&[RUNWARE, RUNPOD, RUNBASE]);
        world.at(5_000, Happening::Upset(Upset::WallJumps(9 * DAY_MS as i64)));
    }),
    scenario("the wall clock jumps a week back", |world| {
        world.orders(&[RUNWARE, RUNPOD, RUNBASE]);
        world.at(5_000, Happening::Upset(Upset::WallJumps(-9 * DAY_MS as i64)));
    }),
    scenario("the wall clock jumps while it renders slowly", |world| {
        world.orders(&[RUNWARE, RUNPOD, RUNBASE].map(|order| with(order, "sandbox:slow")));
        world.at(5_000, Happening::Upset(Upset::WallJumps(9 * DAY_MS as i64)));
        world.at(70_000, Happening::Upset(Upset::DiskFull(true)));
        world.at(75_000, Happening::Upset(Upset::DiskFull(false)));
    }),
    scenario("quit and started again", |world| {
        world.orders(&[RUNWARE, RUNPOD, RUNBASE]);
        world.at(5_000, Happening::Act(Act::Quit(60_000)));
    }),
];

impl World {
    /// The program starts, and these are submitted one after the other.
    fn orders(&mut self, orders: &[Order]) {
        self.at(0, Happening::Start);
        for (nth, order) in (0..).zip(orders) {
            self.at(10 + nth, Happening::Act(Act::Submit(*order)));
        }
    }
}

/// The scenario, with a blow at one boundary, if any.
pub fn play(scenario: &Scenario, blow: Option<(u64, Blow)>) -> World {
    let mut world = World::new(1);
    world.blow = blow;
    (scenario.story)(&mut world);
    world.at(CALM_MS, Happening::Upset(Upset::Calm));
    world.run();
    world
}

/// A scenario's line of the table.
pub struct Line {
    pub text: String,
    /// What broke, at which boundary.
    pub broken: Vec<String>,
    pub blows: u64,
}

/// Where a story of so many boundaries is struck: everywhere, but in one that asks for something through days not
/// at each of its questions.
fn struck(boundaries: u64) -> impl Iterator<Item = u64> {
    const ALL: u64 = 100;
    const MORE: u64 = 8;
    let rest = boundaries.saturating_sub(ALL);
    (0..boundaries.min(ALL)).chain((ALL..boundaries).step_by(rest.div_ceil(MORE).max(1) as usize))
}

/// Every blow at every boundary of one scenario.
pub fn struck_everywhere(scenario: &Scenario) -> Line {
    let calm = play(scenario, None);
    let mut broken: Vec<String> = complaints(scenario, None, &calm).collect();
    let mut ends: BTreeMap<JobState, u64> = BTreeMap::new();
    let (mut blows, mut same) = (0, 0);
    for at in struck(calm.boundaries) {
        for blow in Blow::ALL {
            let world = play(scenario, Some((at, blow)));
            broken.extend(complaints(scenario, Some((at, blow)), &world));
            blows += 1;
            same += u64::from(world.ends().eq(calm.ends()));
            for state in world.ends() {
                *ends.entry(state).or_default() += 1;
            }
        }
    }
    let mut text = format!("{:44} {:>10} {blows:>6} {same:>9} ", scenario.name, calm.boundaries);
    for (state, count) in ends {
        let _ = write!(text, " {count} {state}");
    }
    Line { text, broken, blows }
}

fn complaints(
    scenario: &Scenario,
    blow: Option<(u64, Blow)>,
    world: &World,
) -> impl Iterator<Item = String> {
    let place = format!("{}, {blow:?}", scenario.name);
    world.laws.broken.iter().map(move |(law, what)| format!("{place}: {law}: {what}"))
}

impl World {
    /// How every job ended, oldest first.
    pub fn ends(&self) -> impl Iterator<Item = JobState> {
        self.store.rows.values().map(|row| row.state)
    }
}
