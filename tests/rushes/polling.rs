//! The schedule of polls beside those of the official clients, in virtual time (`benches/polling`).

#[path = "../../benches/polling/simulation.rs"]
mod simulation;

/// On the same durations: less delay between finished and noticed, with fewer requests.
#[test]
fn ours_notices_sooner_and_asks_less_than_every_fixed_schedule() {
    let rows = simulation::rows(0.15);
    for fixed in rows.iter().filter(|row| row.schedule != "ours") {
        let same =
            |row: &&simulation::Row| row.provider == fixed.provider && row.schedule == "ours";
        let ours = &rows.iter().find(same).expect("ours at every provider").figures;
        let told = (ours.requests_a_minute(), ours.mean_delay_s(), ours.p95_delay_s());
        let theirs = &fixed.figures;
        assert!(theirs.delays_ms.len() > 200, "{}", fixed.schedule);
        assert!(ours.delays_ms.len() + 50 > theirs.delays_ms.len(), "{}", fixed.schedule);
        assert!(told.0 < theirs.requests_a_minute(), "{told:?} {}", fixed.schedule);
        assert!(told.1 < theirs.mean_delay_s(), "{told:?} {}", fixed.schedule);
        assert!(told.2 < theirs.p95_delay_s(), "{told:?} {}", fixed.schedule);
    }
    let all = simulation::ours_together(rows);
    assert!(all.mean_delay_s() < 0.75, "{}", all.mean_delay_s());
}
