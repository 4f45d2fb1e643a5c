//! Markdown to HTML that is safe to show, block by block.
//!
//! What a model or a record says is not trusted: raw HTML is shown as text, the output passes a sanitiser
//! with a short list of elements, images are dropped (they would tell a third party who reads what), and
//! links lead where [`link::from_text`] lets them: to pages of this site, and elsewhere in a new tab.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::LazyLock,
};

use ammonia::UrlRelative;
use comrak::{
    Arena, Node, Options, arena_tree::NodeEdge, format_html, html::escape, nodes::NodeValue, parse_document,
};
use kontor_core::text::excerpt;

use crate::link;

/// Beyond this a text is cut: no page shows more.
const MAX_CHARACTERS: usize = 200_000;

/// A block nested deeper is shown as it was written: the sanitiser's work grows with the square of the depth.
const MAX_DEPTH: usize = 50;

/// The characters that a table's cell holds in one line.
const SHORT_CELL: usize = 28;

/// What a text stands under, which its headings begin below.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Under {
    /// The title of a page.
    Title,
    /// The heading of a part of a page.
    Part,
}

/// A text's top-level blocks as they come out of the Markdown renderer: not yet sanitised, and only to be
/// compared with others and given to [`sanitise`].
pub(crate) fn unsafe_blocks(text: &str, under: Under) -> Vec<String> {
    let text = excerpt(text, MAX_CHARACTERS);
    let arena = Arena::new();
    let document = parse_document(&arena, &text, &OPTIONS);
    lower_headings(document, under);
    document
        .children()
        .map(|block| {
            let mut html = String::new();
            // Writing to a string does not fail.
            let _ = if is_deep(block) {
                write_source(block, &text, &mut html)
            } else {
                format_html(block, &OPTIONS, &mut html)
            };
            html
        })
        .collect()
}

/// Gives headings the levels that they have within a page: below what the text stands under, and none left out,
/// whatever number of marks each was written with.
fn lower_headings(document: Node<'_>, under: Under) {
    let first = match under {
        Under::Title => 2,
        Under::Part => 3,
    };
    // The levels as they were written of a heading and of those that it stands under.
    let mut above: Vec<u8> = Vec::new();
    for node in document.descendants() {
        if let NodeValue::Heading(heading) = &mut node.data_mut().value {
            while above.last().is_some_and(|level| *level >= heading.level) {
                above.pop();
            }
            above.push(heading.level);
            let depth = u8::try_from(above.len()).unwrap_or(u8::MAX);
            heading.level = depth.saturating_add(first - 1).min(6);
        }
    }
}

fn is_deep(block: Node<'_>) -> bool {
    let mut depth = 0_usize;
    block.traverse().any(|edge| {
        match edge {
            NodeEdge::Start(_) => depth += 1,
            NodeEdge::End(_) => depth -= 1,
        }
        depth > MAX_DEPTH
    })
}

/// The lines that a block was written on.
fn write_source(block: Node<'_>, text: &str, html: &mut String) -> fmt::Result {
    let (first, last) = {
        let position = block.data().sourcepos;
        (position.start.line.max(1), position.end.line)
    };
    let lines: Vec<_> = text.lines().skip(first - 1).take((last + 1).saturating_sub(first)).collect();
    html.push_str("<pre>");
    escape(html, &lines.join("\n"))?;
    html.push_str("</pre>");
    Ok(())
}

/// A rendered block with everything taken out that a page must not show.
pub(crate) fn sanitise(block: &str) -> String {
    let html = SANITISER
        .clean(block)
        .to_string()
        // The sanitiser escapes these characters everywhere but in the tags it writes itself.
        .replace("<a href=\"http", "<a target=\"_blank\" href=\"http")
        .replace("<table>", "<div class=\"table-scroll\"><table>")
        .replace("</table>", "</table></div>");
    mark_short_cells(&html)
}

/// Gives cells of a few words a class, so that dates and names are not broken into lines.
fn mark_short_cells(html: &str) -> String {
    let mut cells = html.split("<td");
    let mut out = cells.next().unwrap_or_default().to_owned();
    for cell in cells {
        let content = cell.split("</td>").next().unwrap_or_default();
        let mut is_text = false;
        let characters = content.chars().filter(|character| {
            match character {
                '>' => is_text = true,
                '<' => is_text = false,
                _ => return is_text,
            }
            false
        });
        let is_short = characters.count() <= SHORT_CELL;
        out.push_str(if is_short { "<td class=\"short\"" } else { "<td" });
        out.push_str(cell);
    }
    out
}

/// A whole text as sanitised blocks.
pub(crate) fn blocks(text: &str, under: Under) -> Vec<String> {
    unsafe_blocks(text, under).iter().map(|block| sanitise(block)).collect()
}

static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.render.hardbreaks = true;
    options.render.escape = true;
    options
});

static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut sanitiser = ammonia::Builder::default();
    sanitiser
        .tags(HashSet::from([
            "a",
            "blockquote",
            "br",
            "code",
            "del",
            "em",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "li",
            "ol",
            "p",
            "pre",
            "strong",
            "table",
            "tbody",
            "td",
            "th",
            "thead",
            "tr",
            "ul",
        ]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("ol", HashSet::from(["start"])),
            ("td", HashSet::from(["align"])),
            ("th", HashSet::from(["align"])),
        ]))
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        // What a relative address may be is decided below.
        .url_relative(UrlRelative::PassThrough)
        .attribute_filter(|element, attribute, value| match (element, attribute) {
            ("a", "href") => link::from_text(value),
            _ => Some(value.into()),
        })
        .link_rel(Some("noopener noreferrer"));
    sanitiser
});

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        blocks(text, Under::Title).concat()
    }

    #[test]
    fn headings_stand_below_what_the_text_stands_under_and_leave_no_level_out() {
        let text = "### First\n\n# Second\n\n#### Below it\n\n> ## In a quotation";
        let levels = |under| {
            let html = blocks(text, under).concat();
            html.match_indices("<h").filter_map(|(at, _)| html[at + 2..].chars().next()).collect::<String>()
        };
        assert_eq!(levels(Under::Title), "2233");
        assert_eq!(levels(Under::Part), "3344");
        assert!(html("# Title").contains("<h2>Title</h2>"));
    }

    #[test]
    fn scripts_and_raw_html_are_shown_as_text() {
        let shown = html("Hello <script>alert(1)</script> <b onclick=\"x()\">there</b>");
        assert!(!shown.contains("<script") && !shown.contains("<b "), "{shown}");
        assert!(shown.contains("&lt;script&gt;"), "{shown}");
        let shown = html("<img src=x onerror=alert(1)>\n\n<iframe src=\"//evil.test\"></iframe>");
        assert!(!shown.contains("<img") && !shown.contains("<iframe"), "{shown}");
    }

    #[test]
    fn dangerous_links_lead_nowhere() {
        for target in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "//evil.test/records/",
            "/\\evil.test",
            "/sign-out",
            "/api/records/deals",
            "/records/../sign-out",
            "/records/%2e%2e/sign-out",
            "/records/deals/018f2b6e-7c1a-7000-8000-000000000001/delete",
            "../../sign-out",
            "<../../sign-out>",
            "relative",
            "https:evil.test",
            "https://kontor.test@evil.test/",
        ] {
            for text in [format!("[here]({target})"), format!("[here][1]\n\n[1]: {target}")] {
                let shown = html(&text);
                assert!(shown.contains("here") && !shown.contains("href="), "{target}: {shown}");
            }
        }
    }

    #[test]
    fn what_is_nested_beyond_measure_is_shown_as_it_was_written() {
        for text in ["> ".repeat(50_000) + "end", "*a ".repeat(3_000) + "end" + &" b*".repeat(3_000)] {
            let shown = html(&format!("before\n\n{text}\n\nafter"));
            assert!(shown.contains("<p>before</p>") && shown.contains("<p>after</p>"));
            assert!(shown.matches('<').count() < 300 && shown.contains("end"), "{} characters", shown.len());
        }
        assert!(html(&("> ".repeat(20) + "end")).starts_with("<blockquote>"));
    }

    #[test]
    fn images_are_dropped() {
        assert!(!html("![secret](https://evil.test/?q=secret)").contains("evil.test"));
    }

    #[test]
    fn record_links_stay_in_the_page_and_others_open_a_new_tab() {
        let shown = html("[Acme](/records/accounts/018f2b6e-7c1a-7000-8000-000000000001)");
        assert!(shown.contains("href=\"/records/accounts/018f2b6e"), "{shown}");
        assert!(!shown.contains("target"), "{shown}");
        let shown = html("[web](https://example.com/a?b=c&d=e)");
        assert!(shown.contains("target=\"_blank\""), "{shown}");
        assert!(shown.contains("rel=\"noopener noreferrer\""), "{shown}");
    }

    #[test]
    fn a_table_can_be_scrolled_and_keeps_its_alignment() {
        let shown = html("| Deal | Amount |\n|---|---:|\n| Acme | 10 |");
        assert!(shown.starts_with("<div class=\"table-scroll\"><table>"), "{shown}");
        assert!(shown.contains("<td class=\"short\" align=\"right\">10</td>"), "{shown}");
        let long = "a long remark ".repeat(10);
        assert!(html(&format!("| Remark |\n|---|\n| {long} |")).contains("<td>a long"));
    }
}
