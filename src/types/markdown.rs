//! Markdown as people write comments, into HTML that can stand in a page.

use std::collections::HashSet;
use std::sync::LazyLock;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

static SANITIZER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut sanitizer = ammonia::Builder::default();
    sanitizer
        .tags(HashSet::from([
            "a",
            "blockquote",
            "br",
            "code",
            "del",
            "em",
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
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .link_rel(Some("noopener noreferrer nofollow"));
    sanitizer
});

/// Quotes in lists in quotes: deeper ones lose their mark and keep their text. The sanitizer's time grows with the
/// square of the depth.
const DEEPEST: usize = 16;

/// Renders `text`; pictures and every scheme that could run or call home are dropped, tags are shown as they were typed.
pub fn to_html(text: &str) -> String {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES;
    let mut rendered = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let events = Parser::new_ext(text, options).filter_map(move |event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(tag) => {
            depth += 1;
            (depth <= DEEPEST).then(|| Event::Start(lowered(tag)))
        }
        Event::End(tag) => {
            depth = depth.saturating_sub(1);
            (depth < DEEPEST).then(|| Event::End(lowered_end(tag)))
        }
        Event::SoftBreak => Some(Event::HardBreak),
        other => Some(other),
    });
    html::push_html(&mut rendered, events);
    SANITIZER.clean(&rendered).to_string()
}

/// A page has one h1 and its sections are h2: headings of a comment begin below them.
fn lowered(tag: Tag<'_>) -> Tag<'_> {
    match tag {
        Tag::Heading { level, id, classes, attrs } => {
            Tag::Heading { level: below(level), id, classes, attrs }
        }
        other => other,
    }
}

fn lowered_end(tag: TagEnd) -> TagEnd {
    match tag {
        TagEnd::Heading(level) => TagEnd::Heading(below(level)),
        other => other,
    }
}

fn below(level: HeadingLevel) -> HeadingLevel {
    use HeadingLevel::{H1, H2, H3, H4, H5, H6};
    match level {
        H1 => H3,
        H2 => H4,
        H3 => H5,
        H4 | H5 | H6 => H6,
    }
}
