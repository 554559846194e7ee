//! Reading HTML as a person and a browser do.

use scraper::{ElementRef, Html, Selector};

/// A page or a fragment. A table's rows keep their elements, which a parser drops outside a table.
pub fn parse(body: &str) -> Html {
    let start = body.trim_start().to_lowercase();
    if start.starts_with("<!doctype") || start.starts_with("<html") {
        Html::parse_document(body)
    } else if start.starts_with("<tr") {
        Html::parse_fragment(&format!("<table><tbody>{body}</tbody></table>"))
    } else if start.starts_with("<tbody") || start.starts_with("<thead") {
        Html::parse_fragment(&format!("<table>{body}</table>"))
    } else if start.starts_with("<td") || start.starts_with("<th") {
        Html::parse_fragment(&format!("<table><tbody><tr>{body}</tr></tbody></table>"))
    } else {
        Html::parse_fragment(body)
    }
}

/// The elements that match, in order.
#[track_caller]
pub fn all<'a>(document: &'a Html, css: &str) -> Vec<ElementRef<'a>> {
    document.select(&selector(css)).collect()
}

/// The first that matches.
#[track_caller]
pub fn first<'a>(document: &'a Html, css: &str) -> Option<ElementRef<'a>> {
    document.select(&selector(css)).next()
}

#[track_caller]
fn selector(css: &str) -> Selector {
    match Selector::parse(css) {
        Ok(selector) => selector,
        Err(error) => panic!("{css} is no selector: {error}"),
    }
}

/// What a person reads there, white space folded.
pub fn text(element: ElementRef<'_>) -> String {
    let text: Vec<&str> = element.text().flat_map(str::split_whitespace).collect();
    text.join(" ")
}

/// What a control holds.
pub fn value(element: ElementRef<'_>) -> String {
    match element.value().name() {
        "textarea" => {
            let text: String = element.text().collect();
            text.strip_prefix('\n').unwrap_or(&text).to_owned()
        }
        "select" => {
            let options = selector("option");
            let chosen = element.select(&options).find(|option| option.attr("selected").is_some());
            let option = chosen.or_else(|| element.select(&options).next());
            option
                .map(|option| option.attr("value").map_or_else(|| text(option), str::to_owned))
                .unwrap_or_default()
        }
        _ if matches!(element.attr("type"), Some("checkbox" | "radio")) => {
            element.attr("checked").map(|_| "true").unwrap_or_default().to_owned()
        }
        _ => element.attr("value").unwrap_or_default().to_owned(),
    }
}

/// The fields that a browser sends for a form, in order.
pub fn fields(form: ElementRef<'_>) -> Vec<(String, String)> {
    form.select(&selector("input[name], select[name], textarea[name]"))
        .filter(|control| control.attr("disabled").is_none())
        .filter(|control| !matches!(control.attr("type"), Some("submit" | "button" | "file")))
        .filter(|control| {
            !matches!(control.attr("type"), Some("checkbox" | "radio")) || control.attr("checked").is_some()
        })
        .map(|control| {
            let value = match control.attr("type") {
                Some("checkbox" | "radio") => control.attr("value").unwrap_or("on").to_owned(),
                _ => value(control),
            };
            (control.attr("name").unwrap_or_default().to_owned(), value)
        })
        .collect()
}
