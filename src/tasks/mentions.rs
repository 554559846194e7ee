//! People who are named in a text: "@Tom Okafor", or "@Tom" where there is one Tom.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::auth::user::{self, Actor};
use crate::db::Conn;
use crate::db::schema::task_mentions;
use crate::error::AppResult;
use crate::types::ids::{CommentId, ProjectId, TaskId, UserId};
use crate::types::markdown;
use crate::types::text::fold;

/// Longest name that is looked for, in characters.
const LONGEST: usize = 80;

/// Who can be named, by folded name.
#[derive(Debug, Default)]
pub struct Directory(BTreeMap<String, Option<(UserId, String)>>);

impl Directory {
    /// Of these people. A first name that two share names neither.
    pub fn of(people: &[(UserId, String)]) -> Self {
        let mut names = BTreeMap::new();
        for (id, name) in people {
            let person = Some((*id, name.clone()));
            if let Some(first) = fold(name).split(' ').next() {
                names.entry(first.to_owned()).and_modify(|taken| *taken = None).or_insert(person.clone());
            }
        }
        for (id, name) in people {
            names.insert(fold(name), Some((*id, name.clone())));
        }
        Self(names)
    }

    /// Who is named at the beginning of `text`, and by how many of its bytes: the longest name there is.
    pub fn find(&self, text: &str) -> Option<(usize, UserId, &str)> {
        let ends = text.char_indices().take(LONGEST).map(|(at, c)| (at, !c.is_alphanumeric()));
        let whole = (text.chars().count() <= LONGEST).then_some((text.len(), true));
        ends.chain(whole)
            .filter(|(_, is_end)| *is_end)
            .filter_map(|(at, _)| {
                let name = text.get(..at).filter(|name| name.ends_with(char::is_alphanumeric))?;
                let (id, name) = self.0.get(&fold(name))?.as_ref()?;
                Some((at, *id, name.as_str()))
            })
            .last()
    }
}

/// A text of a task of `project` as sanitised HTML, and who is named in it of those whom `actor` may choose there.
pub fn render(
    conn: &mut Conn,
    actor: &Actor,
    project: ProjectId,
    text: &str,
) -> AppResult<(String, Vec<UserId>)> {
    if !text.contains('@') {
        return Ok((markdown::to_html(text), Vec::new()));
    }
    let people = user::on_project(conn, actor, Some(project))?;
    let people: Vec<_> = people.into_iter().map(|(id, name, _)| (id, name)).collect();
    let directory = Directory::of(&people);
    let mut named = Vec::new();
    let html = markdown::to_html_naming(text, |rest| {
        let (length, id, name) = directory.find(rest)?;
        if !named.contains(&id) {
            named.push(id);
        }
        Some((length, name.to_owned()))
    });
    Ok((html, named))
}

/// Stores who is named in a task's description, or in one of its comments; answers with who was not before.
pub fn store(
    conn: &mut Conn,
    task: TaskId,
    comment: Option<CommentId>,
    named: &[UserId],
) -> AppResult<Vec<UserId>> {
    let mut of_text = task_mentions::table.filter(task_mentions::task_id.eq(task)).into_boxed();
    of_text = match comment {
        Some(comment) => of_text.filter(task_mentions::comment_id.eq(comment)),
        None => of_text.filter(task_mentions::comment_id.is_null()),
    };
    let before: Vec<(i64, UserId)> =
        of_text.select((task_mentions::id, task_mentions::user_id)).load(conn)?;
    for (id, _) in before.iter().filter(|(_, person)| !named.contains(person)) {
        diesel::delete(task_mentions::table.find(id)).execute(conn)?;
    }
    let new: Vec<UserId> =
        named.iter().copied().filter(|id| before.iter().all(|(_, person)| person != id)).collect();
    for person in &new {
        diesel::insert_into(task_mentions::table)
            .values((
                task_mentions::task_id.eq(task),
                task_mentions::comment_id.eq(comment),
                task_mentions::user_id.eq(person),
            ))
            .execute(conn)?;
    }
    Ok(new)
}
