//! The pictures of a mailing, as SVG that needs nothing beside it: shares as bars, and how it went over time.
//!
//! Text stands beside them in HTML, so that it keeps its size on a narrow screen.

use crate::ledger::{Counts, State};
use crate::mailing::{Point, Run};

/// The states as they stand in a bar, from the left.
pub(super) const ORDER: [State; 6] =
    [State::Accepted, State::Deferred, State::Rejected, State::InDoubt, State::Withdrawn, State::Pending];

/// The size of the picture over time in its own units.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 400.0;

/// The style class of a state.
pub(super) fn class(state: State) -> &'static str {
    match state {
        State::Accepted => "accepted",
        State::Deferred => "deferred",
        State::Rejected => "rejected",
        State::InDoubt => "in-doubt",
        State::Withdrawn => "withdrawn",
        State::Pending => "pending",
    }
}

/// A square in a state's colour, for a legend.
pub(super) fn square(state: State) -> String {
    format!("<svg aria-hidden=\"true\"><rect width=\"100%\" height=\"100%\" class=\"{}\"/></svg>", class(state))
}

/// One bar with the states' shares, `most` being its full width. `label` says it in words and is escaped.
pub(super) fn bar(counts: &Counts, most: u64, label: &str, class_name: &str) -> String {
    let mut at = 0.0;
    let mut rects = String::new();
    for state in ORDER.into_iter().filter(|state| counts.of(*state) > 0) {
        // What is there can be seen, be it ever so little.
        let width = (share(counts.of(state), most) * 100.0).max(0.4);
        rects.push_str(&format!(
            "<rect x=\"{at:.3}%\" width=\"{width:.3}%\" height=\"100%\" class=\"{}\"/>",
            class(state)
        ));
        at += width;
    }
    format!("<svg role=\"img\" aria-label=\"{label}\" class=\"{class_name}\">{rects}</svg>")
}

/// Accepted, deferred and rejected over the time of running, one upon the other; a dashed line where a run begins.
pub(super) fn over_time(points: &[Point], runs: &[Run], total: u64, label: &str) -> String {
    let end = points.last().map_or(1, |point| point.after.max(1)).unsigned_abs();
    let x = |after: i64| share(after.unsigned_abs(), end) * WIDTH;
    let y = |n: u64| HEIGHT - share(n, total) * HEIGHT;
    let height = |state: State, point: &Point| match state {
        State::Rejected => point.accepted + point.deferred + point.rejected,
        State::Deferred => point.accepted + point.deferred,
        _ => point.accepted,
    };
    let mut out = format!(
        "<svg role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\">"
    );
    for quarter in 0..4 {
        let at = HEIGHT / 4.0 * f64::from(quarter);
        out.push_str(&format!("<path class=\"grid\" d=\"M0 {at}H{WIDTH}\"/>"));
    }
    for state in [State::Rejected, State::Deferred, State::Accepted] {
        let line: String =
            points.iter().map(|point| format!("L{:.1} {:.1}", x(point.after), y(height(state, point)))).collect();
        out.push_str(&format!("<path class=\"{}\" d=\"M0 {HEIGHT}{line}V{HEIGHT}Z\"/>", class(state)));
    }
    let mut began = 0;
    for run in runs.iter().take(runs.len().saturating_sub(1)) {
        began += run.length();
        out.push_str(&format!("<path class=\"begun\" d=\"M{:.1} 0V{HEIGHT}\"/>", x(began)));
    }
    out + "</svg>"
}

/// `n` of `total`, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a length on a screen")]
pub(super) fn share(n: u64, total: u64) -> f64 {
    if total == 0 { 0.0 } else { n as f64 / total as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_wide_as_their_shares_and_hide_nothing() {
        let counts = Counts { accepted: 999_999, rejected: 1, total: 1_000_000, ..Counts::default() };
        let bar = bar(&counts, 2_000_000, "x", "");
        assert!(bar.contains("width=\"50.000%\" height=\"100%\" class=\"accepted\""), "{bar}");
        assert!(bar.contains("width=\"0.400%\" height=\"100%\" class=\"rejected\""), "{bar}");
        assert!(!bar.contains("pending"));
    }

    #[test]
    fn an_empty_or_instant_mailing_has_a_picture_too() {
        for points in [&[][..], &[Point::default(), Point { accepted: 3, ..Point::default() }]] {
            let svg = over_time(points, &[], 0, "x");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
