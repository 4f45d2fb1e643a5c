//! Two texts line by line, with what is near a difference.

use kontor_agents::{DiffLine, LineChange};

/// Lines of a comparison that stay around a difference.
const AROUND: usize = 3;

/// A line of the comparison, or those that are left out.
pub(super) enum DiffView {
    Line { class: &'static str, sign: &'static str, text: String },
    Skipped(usize),
}

/// A comparison without the lines that are far from a difference.
pub(super) fn shortened(lines: Vec<DiffLine>) -> Vec<DiffView> {
    let differs: Vec<bool> = lines.iter().map(|line| line.change != LineChange::Same).collect();
    let is_near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        differs.iter().skip(from).take(at - from + AROUND + 1).any(|differs| *differs)
    };
    if !differs.contains(&true) {
        return Vec::new();
    }
    let mut views = Vec::new();
    for (at, line) in lines.into_iter().enumerate() {
        if is_near(at) {
            let (class, sign) = match line.change {
                LineChange::Same => ("same", " "),
                LineChange::Added => ("added", "+"),
                LineChange::Removed => ("removed", "−"),
            };
            views.push(DiffView::Line { class, sign, text: line.text });
        } else if let Some(DiffView::Skipped(count)) = views.last_mut() {
            *count += 1;
        } else {
            views.push(DiffView::Skipped(1));
        }
    }
    views
}

#[cfg(test)]
mod tests {
    use kontor_agents::compare_lines;

    use super::*;

    #[test]
    fn a_comparison_keeps_what_is_near_a_difference() {
        let before: String = (0..20).map(|number| format!("line {number}\n")).collect();
        let after = before.replace("line 10\n", "another\n");
        let views = shortened(compare_lines(&before, &after));
        let [DiffView::Skipped(7), .., DiffView::Skipped(6)] = views.as_slice() else {
            panic!("{} views", views.len())
        };
        assert_eq!(views.len(), 2 + 2 * AROUND + 2);
        assert!(shortened(compare_lines(&before, &before)).is_empty());
    }
}
