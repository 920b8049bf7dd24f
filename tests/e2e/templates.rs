//! Templates through the administrator's program and the real sender: a preview sends nothing, what
//! cannot be rendered is never put in place, and what is put there is what goes out next.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use gatepost_tests::config::Config;
use gatepost_tests::process::Finished;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::{Encryption, Sink};
use gatepost_tests::stage::Stage;
use gatepost_tests::tmux::Tmux;
use gatepost_tests::wait::SOON;

const FOLDER: &str = "/etc/gatepost/templates";
const OWN: &str = "/etc/gatepost/templates/test.txt";
const TEXT: &str = "/etc/text";

fn stage(sink: &Sink) -> Stage {
    Stage::builder().product(Config::to(sink)).build()
}

fn template(stage: &Stage, words: &[&str]) -> Finished {
    stage.gatepost(&[&["mail", "template"], words].concat())
}

/// Hands a text in for the test message.
fn edit(stage: &Stage, text: &str) -> Finished {
    stage.write(TEXT, text);
    template(
        stage,
        &["edit", "test.txt", TEXT, "--yes", "--reason", "T-9"],
    )
}

#[track_caller]
fn refused(ended: &Finished, words: &str) {
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains(words), "{ended:?}");
}

fn head(stage: &Stage) -> String {
    stage.gatepost(&["audit", "head"]).success().stdout
}

// Mutants: a preview goes to a relay; its code is one that a login may have; it leaves an event.
#[test]
fn a_preview_shows_a_message_and_sends_none() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    stage.write(&format!("{FOLDER}/code.html"), "<p>own {{ code }}</p>");
    stage.write(&format!("{FOLDER}/code.subject"), "{{ nothing }}");
    let before = head(&stage);
    let text = template(&stage, &["preview", "code"]).success();
    assert!(text.stdout.starts_with("From: "), "{text:?}");
    assert!(text.stdout.contains("\nSubject: Sign-in to "), "{text:?}");
    assert!(text.stdout.contains("\n\nSAMP LE12\n\n"), "{text:?}");
    for told in [
        "code.subject, line 1, column 4: undefined value",
        "; the built-in one was used",
        "code.subject (built-in)",
        "code.html (your own)",
    ] {
        assert!(text.stderr.contains(told), "{told}: {text:?}");
    }
    for words in [
        &["preview", "code", "--html"][..],
        &["preview", "code.html"],
    ] {
        let html = template(&stage, words).success();
        assert_eq!(html.stdout, "<p>own SAMP LE12</p>\n");
    }
    let json = stage.gatepost(&["--json", "mail", "template", "preview", "act.txt"]);
    let json: serde_json::Value = serde_json::from_str(&json.success().stdout).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["kind"], "account-notice");
    assert_eq!(json["templates"][0]["own"], false);
    let check = template(&stage, &["check"]);
    assert_eq!(check.status.code(), Some(10), "{check:?}");
    assert_eq!(check.stdout.matches("PROBLEM").count(), 1, "{check:?}");
    assert_eq!(head(&stage), before);
    assert_eq!(sink.counts().connections, 0);
    assert_eq!(stage.store().deliveries().unwrap().len(), 0);
}

// Mutants: it is put there first and rendered then; the mode is the umask's; the event comes without a
// name, or stands alone where nothing was done; a link is followed; neither own_text nor create::finished looks
// at the folder.
#[test]
fn a_template_is_replaced_whole_once_it_can_be_rendered() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    fs::remove_dir(FOLDER).unwrap();
    let before = head(&stage);
    refused(
        &edit(&stage, "Hello\n{{ whom }}"),
        "test.txt, line 2, column 4: undefined value",
    );
    refused(&edit(&stage, " \n"), "it renders to nothing");
    refused(&edit(&stage, &"x".repeat(65537)), "larger than 65536 bytes");
    assert_eq!(head(&stage), before, "what was not done is in the audit");
    assert!(fs::metadata(FOLDER).is_err());
    // The folder is made as setup makes it.
    let _ = edit(&stage, "Hello {{ account }}\n").success();
    let mode = |path: &str| {
        let there = fs::metadata(path).unwrap();
        (there.uid(), there.gid(), there.mode() & 0o7777)
    };
    assert_eq!((mode(FOLDER), mode(OWN)), ((0, 0, 0o755), (0, 0, 0o644)));
    assert_eq!(stage.read(OWN), "Hello {{ account }}\n");
    assert_eq!(fs::read_dir(FOLDER).unwrap().count(), 1);
    let told = stage
        .gatepost(&["audit", "tail", "-n", "1"])
        .success()
        .stdout;
    for part in [
        "template-replaced",
        "test.txt",
        "built-in",
        "sha256:",
        "T-9",
        "root",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let _ = stage
        .gatepost(&["mail", "test", "alice@example.org"])
        .success();
    assert!(sink.next_mail(SOON).text().contains("Hello "));
    // The same again changes nothing.
    let same = edit(&stage, "Hello {{ account }}\n");
    assert_eq!(same.status.code(), Some(8), "{same:?}");
    // A bad one leaves the good one.
    refused(
        &edit(&stage, "{% if %}"),
        "test.txt, line 1, column 7: syntax error",
    );
    assert_eq!(stage.read(OWN), "Hello {{ account }}\n");
    let tried = template(&stage, &["edit", "test.txt", TEXT, "--dry-run"]);
    assert_eq!(tried.status.code(), Some(10), "{tried:?}");
    // Where another one is not trusted, none is used: what is put there neither.
    let other = format!("{FOLDER}/code.html");
    stage.write_as(&other, "{{ code }}", 0o666);
    let unused = edit(&stage, "Hello, {{ account }}\n").success();
    assert!(
        unused.stdout.contains("is used until this is mended"),
        "{unused:?}"
    );
    assert!(!unused.stdout.contains("next message"), "{unused:?}");
    fs::remove_file(&other).unwrap();
    let _ = edit(&stage, "Hello {{ account }}\n").success();
    // What could not be put there after all is in the audit as that.
    let in_the_way = format!("{OWN}.unfinished");
    fs::create_dir(&in_the_way).unwrap();
    refused(&edit(&stage, "Hello again"), "File exists");
    fs::remove_dir(&in_the_way).unwrap();
    let tail = stage.gatepost(&["audit", "tail", "-n", "2"]).success();
    let events: Vec<&str> = tail.stdout.lines().collect();
    let last = events.last().unwrap();
    assert!(last.contains("template-replace-failed"), "{tail:?}");
    for part in ["test.txt", "sha256:", "T-9", "root"] {
        assert!(last.contains(part), "{part}: {tail:?}");
    }
    assert_eq!(stage.read(OWN), "Hello {{ account }}\n");
    // Neither a link nor a folder that others write to is trusted.
    fs::remove_file(OWN).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", OWN).unwrap();
    refused(&edit(&stage, "Hi"), "is a symbolic link");
    fs::remove_file(OWN).unwrap();
    fs::set_permissions(FOLDER, fs::Permissions::from_mode(0o777)).unwrap();
    refused(&edit(&stage, "Hi"), "has mode 0777");
    assert_eq!(fs::read_dir(FOLDER).unwrap().count(), 0);
    fs::set_permissions(FOLDER, fs::Permissions::from_mode(0o755)).unwrap();
    let _ = edit(&stage, "Hi").success();
    let reset = template(&stage, &["edit", "test.txt", "--reset", "--yes"]).success();
    assert!(
        reset.stdout.contains("the built-in test.txt is used"),
        "{reset:?}"
    );
    assert!(fs::metadata(OWN).is_err());
}

// Mutants: the text is lost where it is wrong; what somebody else put there meanwhile is written over;
// it is replaced without a yes.
#[test]
fn an_editors_text_is_tried_kept_and_put_there() {
    require!(Need::Program("/usr/bin/tmux"));
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    // An editor that writes what the test has next, and what else the test wants done meanwhile.
    stage.write_as(
        "/usr/bin/next-text",
        "#!/bin/sh\ncp \"$1\" /run/was; cat /etc/next > \"$1\"; sh /etc/meanwhile\n",
        0o755,
    );
    stage.write("/etc/meanwhile", "");
    stage.write("/etc/next", "Good day {{ nothing }}\n");
    let terminal = Tmux::open(&stage, 120, 40);
    terminal.line("EDITOR=next-text gatepost mail template edit test.txt");
    terminal.shows("test.txt, line 1, column 13: undefined value");
    terminal.shows("Edit it again? Type yes:");
    assert!(stage.read("/run/was").contains("{{ host }}"));
    stage.write("/etc/next", "Good day {{ account }}\n");
    terminal.line("yes").shows("+ Good day {{ account }}");
    // What was edited first is what was edited again.
    assert_eq!(stage.read("/run/was"), "Good day {{ nothing }}\n");
    terminal.shows("Replace test.txt? Type yes:");
    assert!(fs::metadata(OWN).is_err());
    terminal
        .line("yes")
        .shows("is used from the next message on");
    assert_eq!(stage.read(OWN), "Good day {{ account }}\n");
    // Somebody else is quicker.
    stage.write("/etc/next", "Mine\n");
    stage.write("/etc/meanwhile", &format!("echo Theirs > {OWN}\n"));
    terminal.line("clear; EDITOR=next-text gatepost mail template edit test.txt --yes");
    terminal.shows("test.txt was changed by somebody else meanwhile");
    terminal.shows("What you wrote is kept in /var/tmp/gatepost-");
    assert_eq!(stage.read(OWN), "Theirs\n");
    let kept = || {
        let entries = fs::read_dir("/var/tmp").unwrap();
        let names = entries.map(|entry| entry.unwrap().path());
        let ours = names.filter(|path| path.extension().is_some_and(|ending| ending == "txt"));
        ours.map(|path| fs::read_to_string(path).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(kept(), ["Mine\n"]);
    stage.write("/etc/meanwhile", "");
    stage.write("/etc/next", "{% wrong");
    terminal.line("clear; EDITOR=next-text gatepost mail template edit test.txt --yes");
    terminal.shows("Edit it again?");
    terminal
        .line("no")
        .shows("mend it, then gatepost mail template edit");
    assert_eq!(kept().len(), 2);
    assert_eq!(stage.read(OWN), "Theirs\n");
}

// Mutants: a text without the code is taken; the code must stand there as it is grouped; what lacks it beside
// the one that is edited refuses that.
#[test]
fn a_message_for_a_code_has_the_code() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    let edit = |name: &str, text: &str| {
        stage.write(TEXT, text);
        template(&stage, &["edit", name, TEXT, "--yes"])
    };
    let lacks = |name: &str| format!("{name}: the code is not in it");
    for name in ["code.txt", "confirmation.txt"] {
        refused(&edit(name, "Here is your code.\n"), &lacks(name));
        let _ = edit(name, "{{ code }}\n").success();
        let _ = edit(name, "{{ code | replace(' ', '-') }}\n").success();
    }
    assert_eq!(template(&stage, &["check"]).success().stderr, "");
    // One that came there by other ways is told, and keeps nobody from mending another.
    stage.write(&format!("{FOLDER}/code.txt"), "Hello\n");
    let beside = edit("code.html", "<p>{{ code }}</p>\n").success();
    assert!(beside.stderr.contains(&lacks("code.txt")), "{beside:?}");
    let check = template(&stage, &["check"]);
    assert_eq!(check.status.code(), Some(10), "{check:?}");
    assert!(check.stdout.contains(&lacks("code.txt")), "{check:?}");
}
