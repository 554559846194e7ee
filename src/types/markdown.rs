//! Markdown as people write comments, into HTML that can stand in a page.

use std::collections::HashSet;
use std::sync::LazyLock;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, TextMergeStream, html};

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
    to_html_naming(text, |_| None)
}

/// [`to_html`] with people: `find` is asked what stands behind an @, and answers with the bytes that name somebody and
/// the name to be shown. Code names nobody.
pub fn to_html_naming(text: &str, mut find: impl FnMut(&str) -> Option<(usize, String)>) -> String {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES;
    let mut rendered = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut in_code = false;
    let parsed = TextMergeStream::new(Parser::new_ext(text, options)).flat_map(|event| {
        match &event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(text) if !in_code && text.contains('@') => return named(text, &mut find),
            _ => {}
        }
        vec![event]
    });
    let events = parsed.filter_map(move |event| match event {
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

/// A text with each name behind an @ set in bold.
fn named<'a>(text: &str, find: &mut impl FnMut(&str) -> Option<(usize, String)>) -> Vec<Event<'a>> {
    let plain = |text: &str| Event::Text(CowStr::from(text.to_owned()));
    let mut events = Vec::new();
    let (mut rest, mut shown) = (text, String::new());
    while let Some((before, after)) = rest.split_once('@') {
        shown.push_str(before);
        // An e-mail address names nobody.
        let is_apart = !shown.ends_with(|c: char| c.is_alphanumeric());
        rest = after;
        match if is_apart { find(after) } else { None } {
            Some((length, name)) => {
                events.push(plain(&shown));
                shown.clear();
                events.push(Event::Start(Tag::Strong));
                events.push(plain(&format!("@{name}")));
                events.push(Event::End(TagEnd::Strong));
                rest = after.get(length..).unwrap_or_default();
            }
            None => shown.push('@'),
        }
    }
    shown.push_str(rest);
    events.push(plain(&shown));
    events
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
