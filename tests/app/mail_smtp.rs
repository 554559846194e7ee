//! Mail as it goes over the wire, to a small mail server of our own.

use std::sync::{Arc, Mutex};

use bureau::config::Config;
use bureau::mail::model::{self, MailKind, NewMail};
use bureau::net::post::{Attachment, Letter, Post, Refusal, Smtp};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::support::TestApp;

/// Takes mail on a port of its own; answers `code` to whom it goes.
async fn server(code: &'static str) -> (u16, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(String::new()));
    let log = heard.clone();
    actix_web::rt::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (reader, mut writer) = stream.into_split();
            let mut lines = BufReader::new(reader).lines();
            writer.write_all(b"220 test\r\n").await.unwrap();
            let mut in_data = false;
            while let Ok(Some(line)) = lines.next_line().await {
                log.lock().unwrap().push_str(&format!("{line}\n"));
                let answer = match line.as_str() {
                    "." if in_data => {
                        in_data = false;
                        "250 taken"
                    }
                    _ if in_data => continue,
                    "DATA" => {
                        in_data = true;
                        "354 go on"
                    }
                    "QUIT" => "221 bye",
                    line if line.starts_with("RCPT") => code,
                    _ => "250 yes",
                };
                writer.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            }
        }
    });
    (port, heard)
}

fn config(port: u16) -> Config {
    let settings = [
        ("BUREAU_SMTP_URL".to_owned(), format!("smtp://127.0.0.1:{port}?tls=none")),
        ("BUREAU_MAIL_FROM".to_owned(), "Fielder Studio <office@fielder.studio>".to_owned()),
    ];
    Config::from_sources(&Default::default(), settings.into(), Default::default()).unwrap()
}

fn smtp(port: u16) -> Smtp {
    Smtp::new(config(port).mail.as_ref().unwrap()).unwrap()
}

fn letter(app: &TestApp) -> Letter {
    Letter {
        message_id: "abc".into(),
        to: "ada@northwind.com".into(),
        reply_to: "ines@fielder.studio".into(),
        subject: "Grüße".into(),
        text: "Hello.\n.\nEnd.".into(),
        attachment: None,
        written_at: app.now(),
    }
}

#[actix_web::test]
async fn a_mail_is_one_message_from_the_configured_sender() {
    let app = TestApp::new().await;
    let (port, heard) = server("250 yes").await;
    let attachment = Attachment {
        name: "INV-1.html".into(),
        media_type: "text/html; charset=utf-8".into(),
        body: "<p>Ä</p>".into(),
    };
    let sent = smtp(port).send(Letter { attachment: Some(attachment), ..letter(&app) }).await;
    assert_eq!(sent, Ok(()));
    let heard = heard.lock().unwrap().clone();
    for line in [
        "MAIL FROM:<office@fielder.studio>",
        "RCPT TO:<ada@northwind.com>",
        "From: \"Fielder Studio\" <office@fielder.studio>",
        "To: ada@northwind.com",
        "Reply-To: ines@fielder.studio",
        "Message-ID: <abc@fielder.studio>",
        "Auto-Submitted: auto-generated",
        "Date: Thu, 19 Nov 2026 09:31:00 +0000",
        "INV-1.html",
    ] {
        assert!(heard.contains(line), "{line} is missing in\n{heard}");
    }
    assert!(heard.contains("\n..\n"), "a line with a dot ends nothing");
}

#[actix_web::test]
async fn an_address_or_subject_that_would_be_more_headers_leaves_not_at_all() {
    let app = TestApp::new().await;
    let (port, heard) = server("250 yes").await;
    let post = smtp(port);
    for bad in [
        Letter { to: "ada@northwind.com\r\nBcc: eve@evil.com".into(), ..letter(&app) },
        Letter { to: "ada@northwind.com, eve@evil.com".into(), ..letter(&app) },
        Letter { reply_to: "a@b.ch>\r\nX: y".into(), ..letter(&app) },
        Letter { subject: "Hello\r\nBcc: eve@evil.com".into(), ..letter(&app) },
    ] {
        assert!(matches!(post.send(bad).await, Err(Refusal::Never(_))));
    }
    assert_eq!(heard.lock().unwrap().as_str(), "");
}

#[actix_web::test]
async fn what_the_server_says_decides_whether_it_is_tried_again() {
    let app = TestApp::new().await;
    for (code, is_for_good) in
        [("550 nobody lives here", true), ("451 later", false), ("535 who are you", false)]
    {
        let (port, _) = server(code).await;
        let refusal = smtp(port).send(letter(&app)).await.unwrap_err();
        let words = code.split_once(' ').unwrap().1;
        match refusal {
            Refusal::Never(reason) => assert!(is_for_good && reason.contains(words), "{reason}"),
            Refusal::Later(reason) => assert!(!is_for_good && reason.contains(words), "{reason}"),
        }
    }
    let (port, _) = server("250 yes").await;
    // STARTTLS is asked for unless the settings say otherwise, and this server has none.
    let mut strict = config(port).mail.unwrap();
    strict.security = bureau::config::Security::StartTls;
    assert!(matches!(Smtp::new(&strict).unwrap().send(letter(&app)).await, Err(Refusal::Later(_))));
    let nobody = smtp(1).send(letter(&app)).await;
    assert!(matches!(nobody, Err(Refusal::Later(_))), "nobody answers");
}

#[actix_web::test]
async fn the_outbox_empties_into_the_mail_server_of_the_settings() {
    let (port, heard) = server("250 yes").await;
    let app = TestApp::with(|config| config.mail = self::config(port).mail).await;
    let new = NewMail::new(MailKind::Test, "ada@northwind.com", "Hello", "It is there.".into());
    let (keys, now) = (app.data.keys.clone(), app.now());
    app.write(|conn| model::queue(conn, &keys, None, now, &new));
    assert_eq!(app.run_jobs().await, 1);
    assert!(heard.lock().unwrap().contains("It is there."));
    assert_eq!(app.count_where("mails", "state = 'sent'"), 1);
}

#[test]
fn a_bad_mail_server_is_refused_without_repeating_its_password() {
    let parse = |url: &str, from: &str| {
        let settings = [
            ("BUREAU_SMTP_URL".to_owned(), url.to_owned()),
            ("BUREAU_MAIL_FROM".to_owned(), from.to_owned()),
        ];
        Config::from_sources(&Default::default(), settings.into(), Default::default())
    };
    let from = "office@fielder.studio";
    for bad in [
        "mail.example.com",
        "https://ada:hunter2@mail.example.com",
        "smtps://ada@mail.example.com",
        "smtps://ada:hunter2@mail.example.com/path",
        "smtp://ada:hunter2@mail.example.com?tls=none",
        "smtp://ada:hunter2@mail.example.com?tls=perhaps",
    ] {
        let refusal = parse(bad, from).unwrap_err().to_string();
        assert!(refusal.contains("BUREAU_SMTP_URL") && !refusal.contains("hunter2"), "{refusal}");
    }
    for bad in ["", "nobody", "a@b.ch, c@d.ch"] {
        let refusal = parse("smtps://mail.example.com", bad).unwrap_err().to_string();
        assert!(refusal.contains("BUREAU_MAIL_FROM"), "{refusal}");
    }
    let config = parse("smtps://ada%40example.com:hunter2%2F@mail.example.com", from).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    let mail = config.mail.unwrap();
    let (user, password) = mail.sign_in.unwrap();
    assert_eq!((mail.port, user.as_str(), password.as_str()), (465, "ada@example.com", "hunter2/"));
}
