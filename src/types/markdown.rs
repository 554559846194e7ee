//! Markdown as people write comments, into HTML that can stand in a page.

use std::collections::HashSet;
use std::sync::LazyLock;

use pulldown_cmark::{Options, Parser, html};

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

/// Renders `text`; pictures, raw HTML and every scheme that could run or call home are dropped.
pub fn to_html(text: &str) -> String {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES;
    let mut rendered = String::with_capacity(text.len() * 2);
    html::push_html(
        &mut rendered,
        Parser::new_ext(text, options).map(|event| match event {
            // A page has one h1 and its sections are h2: headings of a comment begin below them.
            pulldown_cmark::Event::Start(pulldown_cmark::Tag::Heading { level, id, classes, attrs }) => {
                pulldown_cmark::Event::Start(pulldown_cmark::Tag::Heading {
                    level: below(level),
                    id,
                    classes,
                    attrs,
                })
            }
            pulldown_cmark::Event::End(pulldown_cmark::TagEnd::Heading(level)) => {
                pulldown_cmark::Event::End(pulldown_cmark::TagEnd::Heading(below(level)))
            }
            pulldown_cmark::Event::SoftBreak => pulldown_cmark::Event::HardBreak,
            other => other,
        }),
    );
    SANITIZER.clean(&rendered).to_string()
}

fn below(level: pulldown_cmark::HeadingLevel) -> pulldown_cmark::HeadingLevel {
    use pulldown_cmark::HeadingLevel::{H1, H2, H3, H4, H5, H6};
    match level {
        H1 => H3,
        H2 => H4,
        H3 => H5,
        H4 | H5 | H6 => H6,
    }
}
