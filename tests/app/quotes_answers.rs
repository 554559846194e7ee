//! What is answered to a quote: by its link, once, with what proves it; and when it takes no answer.

use bureau::auth::policy::Role;
use bureau::billing::quotes::answers::{self, NewAnswer, Source};
use bureau::billing::quotes::convert;
use bureau::billing::quotes::model::{self, QuoteStatus};
use bureau::billing::quotes::versions;

use crate::billing::northwind;
use crate::quotes::{link, row, sent, status};
use crate::support::TestApp;

#[actix_web::test]
async fn a_client_accepts_by_the_link_and_what_is_needed_to_prove_it_is_stored() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = sent(&app, client);
    let path = link(&app, id).await;
    let token = path.trim_start_matches("/offers/").to_owned();
    let nobody = app.anonymous();
    let page = nobody.get(&path).send().await;
    page.assert_status(200)
        .assert_text(".inv-title", "Quote QUO-2026-0001")
        .assert_no("nav[aria-label=Main]");
    assert_eq!(page.header("x-robots-tag").as_deref(), Some("noindex, nofollow"));
    assert_eq!(page.header("cache-control").as_deref(), Some("no-store"));
    for dump in app.dump().values().flatten() {
        assert!(!dump.contains(&token), "the token is stored: {dump}");
    }
    for page in ["/quotes".to_owned(), format!("/quotes/{id}"), format!("/clients/{client}/activity")] {
        assert!(!app.bookkeeper().get(&page).send().await.body().contains(&token), "{page}");
    }
    let before = app.dump();
    let unticked = nobody.post(format!("{path}/acceptance")).form([("name", "Ada Lovelace")]).send().await;
    unticked.assert_status(422).assert_has("[data-error=agreed]").assert_value("#name", "Ada Lovelace");
    let nameless =
        nobody.post(format!("{path}/acceptance")).form([("name", " "), ("agreed", "true")]).send().await;
    nameless.assert_status(422).assert_has("[data-error=name]");
    nobody
        .post(format!("{path}/acceptance"))
        .form([("agreed", "true")])
        .cross_site()
        .send()
        .await
        .assert_status(403);
    app.assert_unchanged(&before);
    let form = [("name", "Ada Lovelace"), ("agreed", "true")];
    let accepted =
        nobody.post(format!("{path}/acceptance")).header("user-agent", "Firefox").form(form).send().await;
    accepted.assert_redirect(&path);
    let quote = row(&app, id);
    let answer = quote.answer().unwrap();
    assert_eq!((answer.name.as_str(), answer.ip.as_deref()), ("Ada Lovelace", Some("127.0.0.1")));
    assert_eq!(Some(&answer.document_sha256), quote.sent().unwrap().sha256.as_ref());
    assert_eq!((answer.answered_at, status(&app, id)), (app.now(), QuoteStatus::Accepted));
    assert_eq!(app.count_where("quote_answers", "user_agent = 'Firefox'"), 1);
    nobody.get(&path).send().await.assert_text("#status", "Accepted").assert_no("#acceptance_form");
    nobody.post(format!("{path}/acceptance")).form(form).send().await.assert_status(409);
    let no = [("declined_by", "Bob"), ("reason", "Too much")];
    nobody.post(format!("{path}/refusal")).form(no).send().await.assert_status(409);
    app.bookkeeper().post(format!("/quotes/{id}/revision")).send().await.assert_status(409);
    app.bookkeeper().post(format!("/quotes/{id}/link")).send().await.assert_status(409);
    for sql in ["UPDATE quote_answers SET name = 'x'", "DELETE FROM quote_answers"] {
        assert!(app.execute_refused(sql).contains("stays on record"), "{sql}");
    }
    let page = app.bookkeeper().get(format!("/quotes/{id}")).send().await;
    page.assert_text("#status", "Accepted")
        .assert_text("#answer", "Ada Lovelace")
        .assert_text("#answer", "127.0.0.1");
    assert_eq!(app.activity_of(client)[0], "accepted quote: QUO-2026-0001");
}

#[actix_web::test]
async fn a_declined_quote_says_why_and_a_new_version_may_be_accepted() {
    let app = TestApp::new().await;
    let id = sent(&app, northwind(&app));
    let path = link(&app, id).await;
    let nobody = app.anonymous();
    let refused = nobody.post(format!("{path}/refusal")).form([("declined_by", "Ada")]).send().await;
    refused.assert_status(422).assert_has("[data-error=reason]").assert_value("#declined_by", "Ada");
    let no = [("declined_by", "Ada"), ("reason", "Too much")];
    nobody.post(format!("{path}/refusal")).form(no).send().await.assert_redirect(&path);
    assert_eq!(status(&app, id), QuoteStatus::Declined);
    nobody.get(&path).send().await.assert_text("#status", "Declined").assert_text(".inv-answer", "Too much");
    let actor = app.actor();
    app.refused(|conn| convert::convert(conn, &actor, app.now(), id));
    app.write(|conn| versions::revise(conn, &actor, app.now(), id));
    app.write(|conn| versions::issue(conn, &actor, app.now(), id, None));
    assert_eq!(status(&app, id), QuoteStatus::Sent);
    let path = link(&app, id).await;
    nobody
        .post(format!("{path}/acceptance"))
        .form([("name", "Ada"), ("agreed", "on")])
        .send()
        .await
        .assert_status(303);
    assert_eq!((status(&app, id), app.count("quote_answers")), (QuoteStatus::Accepted, 2));
}

#[actix_web::test]
async fn an_expired_quote_and_a_link_that_is_not_there_say_so() {
    let app = TestApp::new().await;
    let id = sent(&app, northwind(&app));
    let first = link(&app, id).await;
    let second = link(&app, id).await;
    assert_ne!(first, second);
    app.anonymous().get(&first).send().await.assert_status(404);
    app.clock.advance(30 * 86_400);
    app.anonymous().get(&second).send().await.assert_text("#status", "Waits for your answer");
    app.clock.advance(86_400);
    let page = app.anonymous().get(&second).send().await;
    page.assert_text("#status", "Expired")
        .assert_no("#acceptance_form")
        .assert_text(".inv-answer", "19 Dec 2026");
    let form = [("name", "Ada"), ("agreed", "true")];
    app.anonymous().post(format!("{second}/acceptance")).form(form).send().await.assert_status(409);
    assert_eq!((status(&app, id), app.count("quote_answers")), (QuoteStatus::Expired, 0));
    // What was said on the telephone can still be noted.
    app.bookkeeper().forget();
    let noted = [("answer", "accepted"), ("name", "Ada"), ("reason", "By telephone")];
    app.bookkeeper().post(format!("/quotes/{id}/answer")).form(noted).send().await.assert_status(303);
    assert_eq!(status(&app, id), QuoteStatus::Accepted);
    assert_eq!(app.count_where("quote_answers", "ip IS NULL AND recorded_by IS NOT NULL"), 1);
    // Whoever tries links is slowed down; who has one is not.
    let mut refused = 0;
    for number in 0..40 {
        let page = app.anonymous().get(format!("/offers/guess{number}")).send().await;
        refused += usize::from(page.status == 429);
        assert!(matches!(page.status, 404 | 429), "{}", page.status);
    }
    assert!(refused > 0);
    app.anonymous().get(&second).send().await.assert_status(200);
}

#[actix_web::test]
async fn two_answers_at_once_are_one() {
    let app = TestApp::new().await;
    let id = sent(&app, northwind(&app));
    let (now, today, actor) = (app.now(), app.today(), app.actor());
    let new = || NewAnswer { answer: model::AnswerKind::Accepted, name: "Ada".into(), reason: String::new() };
    let token = app.write(|conn| answers::share(conn, &actor, now, id));
    let source = Source::Link { ip: "127.0.0.1".into(), user_agent: String::new() };
    let (key, from, yes) = (token.clone(), source.clone(), new());
    let second = app.meanwhile(
        move |conn| answers::answer_by_link(conn, now, today, &key, &yes, &from),
        |conn| answers::answer_by_link(conn, now, today, &token, &new(), &source),
    );
    assert!(second.is_err());
    assert_eq!(app.count("quote_answers"), 1);
}

#[actix_web::test]
async fn a_link_is_withdrawn_also_after_the_answer_and_a_draft_hides_nothing() {
    let app = TestApp::new().await;
    let client = northwind(&app);
    let id = sent(&app, client);
    let address = link(&app, id).await;
    let actor = app.actor();
    app.write(|conn| versions::revise(conn, &actor, app.now(), id));
    let form = [("name", "Nora"), ("agreed", "true")];
    app.anonymous().post(format!("{address}/acceptance")).form(form).send().await;
    assert_eq!(status(&app, id), QuoteStatus::Accepted);
    app.bookkeeper()
        .get(format!("/quotes/{id}/print"))
        .send()
        .await
        .assert_text(".inv-title", "Quote QUO-2026-0001");
    app.member().post(format!("/quotes/{id}/link/removal")).send().await.assert_status(403);
    app.anonymous().get(&address).send().await.assert_status(200);
    app.bookkeeper().post(format!("/quotes/{id}/link/removal")).send().await.assert_status(303);
    app.anonymous().get(&address).send().await.assert_status(404);
    assert_eq!(app.activity_of(client)[0], "withdrawn quote: QUO-2026-0001");
    app.api(Role::Bookkeeper).delete(format!("/api/quotes/{id}/link")).send().await.assert_status(204);
}
