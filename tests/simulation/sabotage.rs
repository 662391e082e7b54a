//! Broken programs: each breaks the rule that one property guards, which its checker must notice.

use crate::laws::Law;

/// What is wrong with the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sabotage {
    /// Nothing.
    #[default]
    None,
    /// A lost reply counts as a request that never arrived.
    TakesLossForFailure,
    /// A job in doubt is sent again by itself, when the program starts.
    SendsDoubted,
    /// An event is committed to a job that has ended.
    WakesTheDead,
    /// Nobody wakes the engine.
    Oversleeps,
    /// A transaction is forgotten, and its commands are carried out.
    SkipsCommits,
    /// The row is written without the event that led to it.
    ForgetsEvents,
    /// A file that was cut off counts as whole.
    KeepsHalves,
    /// Every question is asked ten times.
    Nags,
    /// The engine is told a time that has passed.
    StopsTheClock,
    /// Chance has another source than the seed.
    RollsItsOwnDice,
    /// Whatever fails is said to be free.
    ClaimsFree,
    /// Wishes to stop a job are heard only after it was sent.
    HearsLate,
    /// A file that could not be fetched once counts as gone for good.
    GivesUpAtOnce,
    /// Nobody reads the journal beside the database.
    LosesTheJournal,
    /// Whatever account is asked counts as the one that a job was sent with, and any may send it.
    TakesAnyAccount,
    /// The first time that a job is not known counts as its failure.
    BelievesTheFirstNo,
    /// Nobody counts the places at a provider.
    CountsNoPlaces,
    /// Wishes that a job be not sent are not heard.
    ForgetsHolds,
    /// What a yes rests on is looked at when it is asked for, and not when the job is stored.
    StoresUnasked,
    /// A file whose name is refused is tried under no other.
    InsistsOnNames,
}

/// Which law each breaks.
pub const SABOTAGES: [(Sabotage, Law); 20] = [
    (Sabotage::TakesLossForFailure, Law::OneGenerationPerKey),
    (Sabotage::SendsDoubted, Law::NoResubmissionInDoubt),
    (Sabotage::WakesTheDead, Law::EndsAbsorb),
    (Sabotage::Oversleeps, Law::EveryJobEnds),
    (Sabotage::SkipsCommits, Law::RecoveryEqualsLive),
    (Sabotage::ForgetsEvents, Law::LogFoldsToRow),
    (Sabotage::KeepsHalves, Law::SucceededIsAFile),
    (Sabotage::Nags, Law::BudgetsHold),
    (Sabotage::StopsTheClock, Law::NoDeadlineInThePast),
    (Sabotage::RollsItsOwnDice, Law::SameSeedSameTrace),
    (Sabotage::ClaimsFree, Law::HonestAboutMoney),
    (Sabotage::HearsLate, Law::StoppedIsNotSent),
    (Sabotage::GivesUpAtOnce, Law::NothingIsGivenUp),
    (Sabotage::LosesTheJournal, Law::OneGenerationPerKey),
    (Sabotage::TakesAnyAccount, Law::OneGenerationPerKey),
    (Sabotage::BelievesTheFirstNo, Law::PaidIsNotLost),
    (Sabotage::CountsNoPlaces, Law::BudgetsHold),
    (Sabotage::ForgetsHolds, Law::HeldIsNotSent),
    (Sabotage::StoresUnasked, Law::FinalsAreAgreedTo),
    (Sabotage::InsistsOnNames, Law::NothingIsGivenUp),
];
