//! When to ask a provider whether a job is done: our schedule beside the fixed ones of the official clients,
//! for 200 live jobs on the same durations. `cargo bench --bench polling`. It measures no machine: the time is
//! virtual, and the figures are the same everywhere.

mod simulation;

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout();
    for scatter in [0.1, 0.15, 0.3] {
        writeln!(out, "durations scatter by {:.0} %", scatter * 100.0)?;
        writeln!(out, "{:<8} {:<34} {:>9} {:>9} {:>9}", "", "", "req/min", "mean s", "p95 s")?;
        let rows = simulation::rows(scatter);
        for row in &rows {
            let figures = &row.figures;
            writeln!(
                out,
                "{:<8} {:<34} {:>9.0} {:>9.2} {:>9.2}",
                row.provider,
                row.schedule,
                figures.requests_a_minute(),
                figures.mean_delay_s(),
                figures.p95_delay_s()
            )?;
        }
        let all = simulation::ours_together(rows);
        let (requests, mean) = (all.requests_a_minute(), all.mean_delay_s());
        writeln!(out, "ours at all three: {requests:.0} requests a minute, {mean:.2} s\n")?;
    }
    Ok(())
}
