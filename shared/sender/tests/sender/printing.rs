//! A letter that is only to be read: its words, and what is wrong with a template, with its place.

use std::process::Command;

use gatepost_words::job::{Fault, LONGEST_TEMPLATE, Letter};

use crate::sender::{Folder, finish, job, print, spawn};

fn letter() -> Letter {
    job(9).letter
}

#[test]
fn a_letter_is_printed_and_nothing_is_sent() {
    let built_in = print(letter(), None).unwrap();
    assert_eq!(built_in.subject, "Sign-in to host01 as alice (ref K7QX)");
    assert!(built_in.text.contains("\n1234 5678\n"), "{}", built_in.text);
    assert!(built_in.html.contains("<h1"), "{}", built_in.html);
    assert_eq!(built_in.faults, []);
    let folder = Folder::new();
    folder.file("code.txt", "Hallo {{ account }}\n");
    folder.file("code.subject", "from the folder");
    let own = Letter {
        templates: Some(folder.path()),
        ..letter()
    };
    // The text that is tried goes before the folder's, and no other does.
    let tried = print(own, Some(("code.subject", "Tried: {{ host }}"))).unwrap();
    assert_eq!(tried.subject, "Tried: host01");
    assert_eq!(tried.text, "Hallo alice");
    assert_eq!(tried.html, built_in.html);
}

// Mutants: no column; the detail is left out; the limit is the file's alone.
#[test]
fn what_is_wrong_with_a_text_has_its_place() {
    let long = "x".repeat(LONGEST_TEMPLATE + 1);
    let endless = "{% for i in range(100000) %}{{ code }}{% endfor %}";
    for (text, place, why) in [
        (
            "one\n  {{ nothing }}",
            (Some(2), Some(6)),
            "undefined value",
        ),
        ("ä {{ nothing }}", (Some(1), Some(6)), "undefined value"),
        (
            "one\n{% if %}",
            (Some(2), Some(7)),
            "syntax error: unexpected end of block",
        ),
        (
            "{% include 'code.html' %}",
            (Some(1), Some(4)),
            "syntax error: unknown statement",
        ),
        (" \n", (None, None), "it renders to nothing"),
        (&long, (None, None), "larger than 65536 bytes"),
    ] {
        let printed = print(letter(), Some(("code.txt", text))).unwrap();
        let [fault] = printed.faults.as_slice() else {
            panic!("{text}: {:?}", printed.faults);
        };
        let Fault {
            template,
            line,
            column,
            why: told,
        } = fault;
        assert_eq!(template, "code.txt");
        assert_eq!((*line, *column), place, "{text:?} {told}");
        assert!(told.starts_with(why), "{told}");
        // What would go out instead.
        assert!(printed.text.contains("is waiting for a code"), "{text}");
    }
    let told = print(letter(), Some(("code.txt", endless))).unwrap_err();
    assert!(told.contains("longer than anybody reads"), "{told}");
}

#[test]
fn a_letter_that_cannot_go_out_is_not_printed() {
    let broken = Letter {
        from: "nobody".to_owned(),
        ..letter()
    };
    let told = print(broken, None).unwrap_err();
    assert!(told.contains("the From address cannot be used"), "{told}");
}

#[test]
fn another_word_does_nothing() {
    for words in [vec!["prin"], vec!["print", "more"]] {
        let program = env!("CARGO_BIN_EXE_gatepost-sender");
        let child = spawn(Command::new(program).args(&words));
        let (out, _err, status) = finish(child);
        assert_eq!((out.len(), status.code()), (0, Some(1)), "{words:?}");
    }
}
