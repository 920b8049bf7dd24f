//! What the built-in templates say, and that what is said cannot be steered from outside.

use gatepost_words::job::{Content, Letter, OwnerAct};
use gatepost_words::secret::Secret;

use super::{Rendered, render};

fn letter(content: Content) -> Letter {
    Letter {
        from: "Gatepost <gatepost@example.org>".to_owned(),
        envelope_from: String::new(),
        to: "alice@example.net".to_owned(),
        templates: None,
        content,
        host: "host01".to_owned(),
        account: "alice".to_owned(),
        when: "22 Nov 2026 14:03:04 CET".to_owned(),
        epoch_secs: 0,
    }
}

fn code(source: &str, code_in_subject: bool) -> Content {
    Content::Code {
        code: Secret::from("1234 5678".to_owned()),
        service: "sshd".to_owned(),
        source: source.to_owned(),
        valid_for: "5 min".to_owned(),
        reference: "K7QX".to_owned(),
        code_in_subject,
    }
}

fn act(act: OwnerAct) -> Content {
    Content::Act {
        act,
        address: "b***@e***.org".to_owned(),
        times: 1,
    }
}

/// What a person sees of HTML: no head, no tags.
fn visible(html: &str) -> String {
    let (_head, body) = html.split_once("<body").unwrap();
    let mut text = String::new();
    for piece in body.split('<').skip(1) {
        text.push_str(piece.split_once('>').unwrap().1);
    }
    text
}

#[test]
fn the_text_says_what_asks_then_the_code_then_the_circumstances() {
    let rendered = render(&letter(code("192.0.2.7", false))).unwrap();
    assert_eq!(rendered.subject, "Sign-in to host01 as alice (ref K7QX)");
    assert_eq!(
        rendered.text,
        "Sign-in to host01 as alice\n\
         \n\
         A sign-in to this account is waiting for a code. If it is yours, type the\n\
         code below at the prompt that shows the reference K7QX. Give it to nobody\n\
         else, whoever asks: it is for that prompt alone.\n\
         \n\
         1234 5678\n\
         \n\
         Service:   sshd\n\
         From:      192.0.2.7\n\
         Time:      22 Nov 2026 14:03:04 CET\n\
         Valid for: 5 min\n\
         Reference: K7QX\n\
         \n\
         If this was not you: somebody may know the password of alice.\n\
         Do not pass the code on, change the password, and tell your administrator."
    );
}

/// A locked phone shows the subject and the first lines: on the larger ones some 150 characters.
#[test]
fn a_preview_shows_no_code() {
    let letters = [
        code("192.0.2.7", false),
        Content::Confirmation {
            code: Secret::from("1234 5678".to_owned()),
            valid_for: "10 min".to_owned(),
        },
    ];
    for content in letters {
        let Rendered {
            subject,
            text,
            html,
            ..
        } = render(&letter(content)).unwrap();
        assert!(!subject.contains("1234"), "{subject}");
        assert!(text.find("1234 5678").unwrap() > 160, "{text}");
        assert!(visible(&html).find("1234 5678").unwrap() > 160, "{html}");
        assert!(text.contains("\n\n1234 5678\n\n"), "{text}");
        assert_eq!(html.matches("1234").count(), 1);
    }
}

#[test]
fn the_code_is_in_the_subject_only_on_request() {
    let rendered = render(&letter(code("192.0.2.7", true))).unwrap();
    assert_eq!(
        rendered.subject,
        "1234 5678: sign-in to host01 as alice (ref K7QX)"
    );
}

#[test]
fn html_loads_nothing_links_nowhere_and_runs_nothing() {
    let letters = [
        code("192.0.2.7", false),
        Content::Confirmation {
            code: Secret::from("1234 5678".to_owned()),
            valid_for: "10 min".to_owned(),
        },
        Content::HalfFinished {
            service: "sshd".to_owned(),
            source: "192.0.2.7".to_owned(),
            ending: "timed out".to_owned(),
        },
        Content::Test,
        act(OwnerAct::AddressChanged),
    ];
    for content in letters {
        let html = render(&letter(content)).unwrap().html;
        let lower = html.to_ascii_lowercase();
        for banned in [
            "<a", "<img", "<script", "<link", "<style", "<form", "<iframe", "http", "url(", "src=",
            "@import", "{{", "{%",
        ] {
            assert!(!lower.contains(banned), "{banned}: {html}");
        }
        assert!(html.contains("name=\"viewport\""), "{html}");
    }
}

#[test]
fn text_from_outside_is_escaped_twice_over() {
    let source = "<b>\u{1b}[31m\r\nBcc: x\u{202e}&{{ code }}";
    let rendered = render(&letter(code(source, false))).unwrap();
    let clean = "<b>\\u{1b}[31m\\u{d}\\u{a}Bcc: x\\u{202e}&{{ code }}";
    let line = format!("\nFrom:      {clean}\n");
    assert!(rendered.text.contains(&line), "{}", rendered.text);
    assert!(!rendered.html.contains("<b>"), "{}", rendered.html);
    assert!(rendered.html.contains("&lt;b&gt;"), "{}", rendered.html);
    assert_eq!(rendered.html.matches("1234").count(), 1);
}

#[test]
fn a_name_in_the_sources_place_is_no_link() {
    for (source, shown) in [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("www.example.net", "www[.]example[.]net"),
        ("http://example.net/login", "http[:]//example[.]net/login"),
    ] {
        let content = [
            code(source, false),
            Content::HalfFinished {
                service: "sshd".to_owned(),
                source: source.to_owned(),
                ending: "timed out".to_owned(),
            },
        ];
        for content in content {
            let rendered = render(&letter(content)).unwrap();
            let rows = rendered
                .text
                .lines()
                .filter_map(|line| line.strip_prefix("From:"));
            let shown_at: Vec<&str> = rows.map(str::trim).collect();
            assert_eq!(shown_at, [shown]);
        }
    }
}

#[test]
fn the_other_letters_say_what_they_are() {
    let notice = render(&letter(Content::HalfFinished {
        service: "sshd".to_owned(),
        source: "192.0.2.7".to_owned(),
        ending: "three wrong codes".to_owned(),
    }))
    .unwrap();
    assert_eq!(notice.subject, "Unfinished sign-in to host01 as alice");
    assert!(
        notice
            .text
            .contains("The password was right, but no code followed: three wrong codes."),
        "{}",
        notice.text
    );
    let test = render(&letter(Content::Test)).unwrap();
    assert_eq!(test.subject, "Test message from host01");
    assert!(test.text.starts_with("Test message from host01\n"));
}

// Mutant: the number is left out, or told of an act that was done once.
#[test]
fn an_act_that_was_done_again_is_told_with_how_often() {
    for (times, told) in [(1, false), (3, true)] {
        let content = Content::Act {
            act: OwnerAct::BypassMade,
            address: String::new(),
            times,
        };
        let text = render(&letter(content)).unwrap().text;
        assert_eq!(text.contains("This was done 3 times"), told, "{text}");
    }
}

// Mutants: two acts share a sentence; an act about an address does not name it; the part for people
// without HTML says something else.
#[test]
fn each_act_of_an_administrator_is_told_in_words_of_its_own() {
    let mut said = Vec::new();
    for told in OwnerAct::ALL {
        let rendered = render(&letter(act(told))).unwrap();
        assert_eq!(
            rendered.subject,
            "Your account alice on host01: an administrator changed it"
        );
        let sentence = rendered.text.lines().nth(2).unwrap().to_owned();
        assert!(rendered.html.contains(&sentence), "{}", rendered.html);
        let about_an_address = matches!(told, OwnerAct::AddressAsked | OwnerAct::AddressChanged);
        assert_eq!(
            sentence.contains("b***@e***.org"),
            about_an_address,
            "{sentence}"
        );
        assert!(
            rendered
                .text
                .contains("If this surprises you: tell your administrator")
        );
        said.push(sentence);
    }
    said.sort();
    said.dedup();
    assert_eq!(said.len(), OwnerAct::ALL.len());
}
