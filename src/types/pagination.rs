//! Pages of a list: by number where lists stay short, by key where they grow without limit.

/// A page number, 25 rows each. For lists that stay in the thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pager {
    /// From 1.
    pub page: i64,
    /// Rows in all.
    pub total: i64,
}

/// Rows on a page.
pub const PER_PAGE: i64 = 25;

impl Pager {
    /// Page `page` of `total` rows; a page past the end becomes the last.
    pub fn new(page: i64, total: i64) -> Self {
        let last = (total + PER_PAGE - 1) / PER_PAGE;
        Self { page: page.clamp(1, last.max(1)), total }
    }

    /// Whether page `page`, as it was asked for, has rows; page 1 stands for an empty list, too.
    pub fn holds(&self, page: i64) -> bool {
        page <= self.last()
    }

    /// Rows before this page.
    pub fn offset(&self) -> i64 {
        (self.page - 1) * PER_PAGE
    }

    /// The last page, at least 1.
    pub fn last(&self) -> i64 {
        ((self.total + PER_PAGE - 1) / PER_PAGE).max(1)
    }

    /// "1–25 of 312".
    pub fn range(&self) -> String {
        if self.total == 0 {
            return "None".to_owned();
        }
        format!("{}–{} of {}", self.offset() + 1, (self.offset() + PER_PAGE).min(self.total), self.total)
    }

    /// Page numbers to offer: the first, the last, and those near this one; 0 stands for a gap.
    pub fn numbers(&self) -> Vec<i64> {
        let mut numbers = Vec::new();
        for page in 1..=self.last() {
            if page == 1 || page == self.last() || (page - self.page).abs() <= 1 {
                numbers.push(page);
            } else if numbers.last() != Some(&0) {
                numbers.push(0);
            }
        }
        numbers
    }

    /// The page before, if any.
    pub fn previous(&self) -> Option<i64> {
        (self.page > 1).then(|| self.page - 1)
    }

    /// The page after, if any.
    pub fn next(&self) -> Option<i64> {
        (self.page < self.last()).then(|| self.page + 1)
    }
}

/// The sort key that a click on the column `key` asks for while `current` is in force.
pub fn toggled(key: &str, current: &str) -> String {
    if current == key { format!("-{key}") } else { key.to_owned() }
}

/// Takes the row past the page off `rows`, which were loaded with one more than `limit`, and tells whether there
/// was one.
pub fn has_more<T>(rows: &mut Vec<T>, limit: i64) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}
