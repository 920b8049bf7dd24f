//! What administrators' acts leave: for each of them who did it, where, what it was before and after, and
//! one line in the system log. A kind of event that nobody put into these tables fails a test.

use std::collections::BTreeSet;
use std::mem::offset_of;
use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::product;
use gatepost_tests::pty::Pty;
use gatepost_tests::require;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::syslog::SyslogLine;
use gatepost_tests::wait;
use gatepost_tests::wait::SOON;
use serde_json::Value;
use serde_json::json;

/// Something that an administrator does, and what is to be found of it.
struct Act {
    /// After `gatepost`.
    words: &'static str,
    /// The events that it leaves, oldest first.
    wrote: Vec<Wrote>,
    /// Fields of its one line in the system log.
    line: &'static [(&'static str, &'static str)],
}

/// An event.
struct Wrote {
    kind: &'static str,
    user: &'static str,
    /// What its detail has, among other things.
    detail: Value,
}

fn wrote(kind: &'static str, user: &'static str, detail: Value) -> Wrote {
    Wrote { kind, user, detail }
}

/// An act that leaves one event.
fn act(
    words: &'static str,
    kind: &'static str,
    detail: Value,
    line: &'static [(&'static str, &'static str)],
) -> Act {
    let of_alice = line.contains(&("user", "alice"));
    let user = if of_alice { "alice" } else { "" };
    let wrote = vec![wrote(kind, user, detail)];
    Act { words, wrote, line }
}

/// With one mask.
const ALICE: &str = "alice@example.org";
const MASK: &str = "a***@e***.org";
const ALICE_LINE: (&str, &str) = ("user", "alice");

fn on_accounts() -> Vec<Act> {
    let state = |before, after| json!({"before": before, "after": after, "reason": "T-3"});
    vec![
        act(
            "user add alice alice@example.org",
            "user-add",
            json!({"address": MASK, "address_fingerprint": "OF alice@example.org", "confirmed": "not yet",
                   "uid": 2001}),
            &[("act", "user-add"), ALICE_LINE],
        ),
        act(
            "user verify alice",
            "user-verify-sent",
            json!({"address": MASK, "address_fingerprint": "OF alice@example.org"}),
            &[("act", "user-verify-sent"), ALICE_LINE],
        ),
        act(
            "user verify alice CODE",
            "user-confirmed",
            json!({"proof": "code", "address": MASK, "replaced": "",
                   "address_fingerprint": "OF alice@example.org"}),
            &[("act", "user-confirmed"), ALICE_LINE],
        ),
        act(
            "user set-mail alice andrew@easter.org --reason T-1",
            "user-set-mail",
            json!({"before": MASK, "before_fingerprint": "OF alice@example.org",
                   "after": MASK, "after_fingerprint": "OF andrew@easter.org",
                   "confirmed": "not yet", "reason": "T-1"}),
            &[("act", "user-set-mail"), ALICE_LINE],
        ),
        act(
            "undo --yes --reason T-2",
            "undo",
            json!({"act": "user-set-mail", "reason": "T-2"}),
            &[("act", "undo"), ALICE_LINE],
        ),
        act(
            "user note alice absent --reason T-3",
            "user-note",
            state("", "absent"),
            &[("act", "user-note"), ALICE_LINE],
        ),
        act(
            "user lock alice --reason T-3",
            "user-lock",
            json!({"reason": "T-3"}),
            &[("act", "user-lock"), ALICE_LINE],
        ),
        act(
            "user unlock alice --reason T-3",
            "user-unlock",
            json!({"lock": "by an administrator", "failures": 0, "reason": "T-3"}),
            &[("act", "user-unlock"), ALICE_LINE],
        ),
        act(
            "user disable alice --reason T-3",
            "user-disable",
            state("active", "disabled"),
            &[("act", "user-disable"), ALICE_LINE],
        ),
        act(
            "user enable alice --reason T-3",
            "user-enable",
            state("disabled", "active"),
            &[("act", "user-enable"), ALICE_LINE],
        ),
        Act {
            words: "user import /etc/list.csv --yes",
            wrote: vec![wrote(
                "user-add",
                "bob",
                json!({"address": "b***@e***.org", "address_fingerprint": "OF bob@example.org"}),
            )],
            line: &[("act", "user-import"), ("user", "bob")],
        },
        Act {
            words: "user invite bob",
            wrote: vec![wrote("user-verify-sent", "bob", json!({}))],
            line: &[("act", "user-verify-sent"), ("user", "bob")],
        },
        Act {
            words: "user remove bob --yes --reason T-3",
            wrote: vec![wrote(
                "user-remove",
                "bob",
                json!({"addresses": "b***@e***.org", "reason": "T-3",
                       "addresses_fingerprint": "OF bob@example.org"}),
            )],
            line: &[("act", "user-remove"), ("user", "bob")],
        },
        act(
            "user list --unmask",
            "unmask",
            json!({"reason": ""}),
            &[("act", "unmask")],
        ),
    ]
}

fn on_factors_and_sources() -> Vec<Act> {
    vec![
        act(
            "recovery new alice",
            "recovery-new",
            json!({"codes": 10}),
            &[("act", "recovery-new"), ALICE_LINE],
        ),
        act(
            "factor remove alice recovery --reason T-4",
            "recovery-remove",
            json!({"left": 10, "reason": "T-4"}),
            &[("act", "recovery-remove"), ALICE_LINE],
        ),
        act(
            "bypass new alice --reason T-4 --yes",
            "bypass-new",
            json!({"id": 1, "uses": 1, "ttl": "15 min", "reason": "T-4"}),
            &[("act", "bypass-new"), ALICE_LINE],
        ),
        act(
            "bypass revoke alice --reason T-5",
            "bypass-revoke",
            json!({"ids": [1], "reason": "T-5"}),
            &[("act", "bypass-revoke"), ALICE_LINE],
        ),
        act(
            "source revoke alice --all --reason T-5",
            "source-revoke",
            json!({"sources": "all", "count": 1, "reason": "T-5"}),
            &[("act", "source-revoke"), ALICE_LINE],
        ),
        act(
            "shield on --source 203.0.113.0/24 --for 15m --reason T-6",
            "shield-on",
            json!({"network": "203.0.113.0/24", "for": "15 min", "reason": "T-6"}),
            &[("act", "shield-on"), ("source", "203.0.113.0/24")],
        ),
        act(
            "shield off 203.0.113.0/24 --reason T-6",
            "shield-off",
            json!({"network": "203.0.113.0/24", "reason": "T-6"}),
            &[("act", "shield-off"), ("source", "203.0.113.0/24")],
        ),
        Act {
            words: "undo --yes --reason T-7",
            wrote: vec![
                wrote(
                    "undo",
                    "",
                    json!({"act": "shield-off", "about": "203.0.113.0/24", "reason": "T-7"}),
                ),
                wrote("shield-on", "", json!({"network": "203.0.113.0/24"})),
            ],
            line: &[("act", "undo"), ("source", "203.0.113.0/24")],
        },
    ]
}

fn on_rules() -> Vec<Act> {
    vec![
        act(
            "policy apply /etc/carol.toml --yes --reason T-8",
            "policy-apply",
            json!({"version": 2, "before": 1, "restores": null, "tried_for": null, "reason": "T-8"}),
            &[("act", "policy-apply"), ("version", "2")],
        ),
        act(
            "policy try /etc/eve.toml --revert-after 5m --yes --reason T-8",
            "policy-try",
            json!({"version": 3, "before": 2, "tried_for": 300_000, "reason": "T-8"}),
            &[("act", "policy-try"), ("version", "3")],
        ),
        act(
            "policy confirm --reason T-8",
            "policy-confirm",
            json!({"version": 3, "before": 2, "reason": "T-8"}),
            &[("act", "policy-confirm"), ("version", "3")],
        ),
        act(
            "policy rollback 1 --yes --reason T-8",
            "policy-rollback",
            json!({"version": 4, "before": 3, "restores": 1, "reason": "T-8"}),
            &[("act", "policy-rollback"), ("version", "4")],
        ),
        act(
            "policy try /etc/eve.toml --revert-after 5m --yes",
            "policy-try",
            json!({"version": 5, "before": 4}),
            &[("act", "policy-try"), ("version", "5")],
        ),
        Act {
            words: "undo --yes --reason T-9",
            wrote: vec![
                wrote(
                    "undo",
                    "",
                    json!({"act": "policy-try", "about": "version 5"}),
                ),
                wrote(
                    "policy-try-ended",
                    "",
                    json!({"tried": 5, "version": 4, "reason": "T-9"}),
                ),
            ],
            line: &[("act", "undo"), ("version", "5")],
        },
    ]
}

fn on_mail_and_the_machine() -> Vec<Act> {
    vec![
        act(
            "mail test alice@example.org",
            "mail-test",
            json!({"address": MASK, "address_fingerprint": "OF alice@example.org", "accepted": true}),
            &[("act", "mail-test")],
        ),
        act(
            "mail retry --all",
            "mail-retry",
            json!({"reason": ""}),
            &[("act", "mail-retry")],
        ),
        act(
            "mail template edit test.txt /etc/text --yes --reason T-10",
            "template-replaced",
            json!({"template": "test.txt", "from": "built-in", "reason": "T-10"}),
            &[("act", "template-replaced")],
        ),
        act(
            "mail template edit test.txt --reset --yes --reason T-10",
            "template-reset",
            json!({"template": "test.txt", "to": "built-in", "reason": "T-10"}),
            &[("act", "template-reset")],
        ),
        act(
            "setup",
            "setup",
            json!({"made": ["/etc/gatepost/templates"]}),
            &[("act", "setup"), ("made", "1")],
        ),
        act(
            "store backup /root/copy",
            "store-backup",
            json!({}),
            &[("act", "store-backup")],
        ),
        act(
            "store restore /root/copy --yes --reason T-11",
            "store-restore",
            json!({"same_log": true, "reason": "T-11"}),
            &[("act", "store-restore")],
        ),
        act(
            "store vacuum",
            "store-vacuum",
            json!({}),
            &[("act", "store-vacuum")],
        ),
        act(
            "store clock --reset --reason T-12",
            "store-clock-reset",
            json!({"was": "readable", "reason": "T-12"}),
            &[("act", "store-clock-reset")],
        ),
    ]
}

/// What the stage does before anything else.
const FIRST: &str = "setup on a fresh machine";

fn first() -> Act {
    Act {
        words: FIRST,
        wrote: vec![
            wrote("policy-setup", "", json!({"version": 1, "before": null})),
            wrote("setup", "", json!({})),
        ],
        line: &[("act", "setup")],
    }
}

fn on_a_log_of_last_month() -> Act {
    act(
        "audit prune --keep 30d --yes --reason T-13",
        "purged",
        json!({"reason": "T-13"}),
        &[("act", "audit-prune")],
    )
}

fn on_a_store_of_long_ago() -> Act {
    act(
        "store migrate",
        "store-migrate",
        json!({"from": 1}),
        &[("act", "store-migrate")],
    )
}

/// What sign-ins and upkeep leave, which nobody does.
const NOBODYS: [&str; 10] = [
    "bypass-used",
    "challenge",
    "decision",
    "delivery",
    "guess",
    "locked",
    "opened",
    "shielded",
    "store-restored",
    "strangers",
];

/// What it takes a failing disk to see.
const ELSEWHERE: [&str; 1] = [
    // templates::a_template_is_replaced_whole_once_it_can_be_rendered
    "template-replace-failed",
];

fn stage(sink: &Sink) -> Stage {
    Stage::builder()
        .product(Config::to(sink).set("limits.send_cooldown", "1s"))
        .stack("rig", &Stack::plain())
        .build()
}

/// The program as a service runs it: with no terminal anywhere, whoever runs the tests.
fn away(stage: &Stage, words: &[&str]) -> String {
    let mut command = stage.command("/usr/bin/setsid");
    let ended = stage.run(command.args(["--wait", product::CLI]).args(words));
    ended.success().stdout
}

fn events(stage: &Stage) -> Vec<Value> {
    let words = ["audit", "export", "--raw", "-o", "jsonl"];
    let lines = stage.gatepost(&words).success().stdout;
    let parsed = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    parsed.collect()
}

/// Lines of acts so far.
fn lines(stage: &Stage) -> Vec<SyslogLine> {
    let is_act = |line: &SyslogLine| line.field("event") == Some("admin");
    stage.syslog().into_iter().filter(is_act).collect()
}

/// Holds what was written since against the act.
#[track_caller]
fn found(stage: &Stage, act: &Act, (last, lines_before): (i64, usize)) {
    let words = act.words;
    let mut new = events(stage);
    new.retain(|event| event["seq"].as_i64() > Some(last));
    let kinds: Vec<&str> = new
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    let wanted: Vec<&str> = act.wrote.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, wanted, "{words}: {new:?}");
    for (wrote, event) in act.wrote.iter().zip(&new) {
        assert_eq!(event["user"], wrote.user, "{words}: {event}");
        let detail = &event["detail"];
        for (name, value) in wrote.detail.as_object().unwrap() {
            let value = match value.as_str().and_then(|text| text.strip_prefix("OF ")) {
                Some(address) => Value::from(fingerprint(stage, address)),
                None => value.clone(),
            };
            assert_eq!(detail[name], value, "{words}, {name}: {event}");
        }
        let by = detail["by"].as_str().unwrap_or_default();
        assert!(by.starts_with("root"), "{words}: {event}");
        // The stage is set up where the tests are run.
        if words != FIRST {
            assert_eq!(detail["tty"], "none", "{words}: {event}");
        }
        assert_eq!(detail.get("rhost"), None, "{words}: {event}");
    }
    let there = || {
        let lines = lines(stage);
        (lines.len() > lines_before).then_some(lines)
    };
    let lines = wait::until(SOON, there).unwrap_or_else(|| panic!("no line of {words}"));
    assert_eq!(lines.len(), lines_before + 1, "{words}: {lines:?}");
    let line = &lines[lines_before];
    for (name, value) in act.line {
        assert_eq!(line.field(name), Some(*value), "{words}: {line:?}");
    }
    let by = line.field("by").unwrap_or_default();
    assert!(
        by.starts_with("root") || by.starts_with("\"root"),
        "{line:?}"
    );
}

fn fingerprint(stage: &Stage, address: &str) -> String {
    let found = stage.gatepost(&["audit", "fingerprint", address]).success();
    found.stdout.trim_end().to_owned()
}

// Mutants: an act writes no event, two of them, or no line; its event lacks who, what was before, or the
// fingerprint; before and after are confused.
#[test]
fn audit_complete() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    found(&stage, &first(), (0, 0));
    stage.write("/etc/list.csv", "user,address\nbob,bob@example.org\n");
    stage.write("/etc/text", "Hello {{ account }}\n");
    let refuse = |user: &str| format!("[[rule]]\nusers = [\"{user}\"]\naction = \"refuse\"\n");
    for user in ["carol", "eve"] {
        stage.write(&format!("/etc/{user}.toml"), &refuse(user));
    }
    let run = |act: &Act| done(&stage, &sink, act);
    on_accounts().iter().for_each(run);
    // From somewhere, so that a source is known.
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    login.password_of("alice");
    let prompt = login.code_prompt().text;
    login.answer(Mailbox::of(&sink).code_for(&prompt).as_str());
    assert_eq!(login.finish().authenticate(), "PAM_SUCCESS");
    stage.wait_for_quiet();
    on_factors_and_sources().iter().for_each(run);
    on_rules().iter().for_each(run);
    for act in on_mail_and_the_machine() {
        if act.words == "setup" {
            std::fs::remove_dir("/etc/gatepost/templates").unwrap();
        }
        run(&act);
    }
    let acts = [
        on_accounts(),
        on_factors_and_sources(),
        on_rules(),
        on_mail_and_the_machine(),
    ];
    let acts = acts.iter().map(Vec::len).sum::<usize>() + 1;
    assert_eq!(lines(&stage).len(), acts, "a line came late, or twice");
    let _ = stage.gatepost(&["audit", "verify"]).success();
}

/// Does it, and looks for what it left.
#[track_caller]
fn done(stage: &Stage, sink: &Sink, act: &Act) {
    let code = Mailbox::of(sink).codes().pop().unwrap_or_default();
    let words = act.words.replace("CODE", &code);
    let words: Vec<&str> = words.split(' ').collect();
    let last = events(stage).pop().and_then(|last| last["seq"].as_i64());
    let before = (last.unwrap_or_default(), lines(stage).len());
    away(stage, &words);
    found(stage, act, before);
}

// Mutant: what is taken off the log says nothing of who did it.
#[test]
fn whoever_prunes_the_log_is_named_in_what_is_left() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    let _marked = stage.gatepost(&["maintain"]).success();
    stage.store().pass(Duration::from_hours(31 * 24));
    done(&stage, &sink, &on_a_log_of_last_month());
}

// Mutant: an act on a store of long ago writes no event.
#[test]
fn a_store_of_long_ago_is_migrated_with_an_event() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    stage.store().begin_at_the_first_version();
    let before = lines(&stage).len();
    away(&stage, &["store", "migrate"]);
    found(&stage, &on_a_store_of_long_ago(), (0, before));
    // It has no rules, and no login would be let in.
    let _ = stage.gatepost(&["setup"]).success();
}

// Mutant: a kind is made, and nobody puts what leaves it into a table here.
#[test]
fn every_kind_of_event_is_somebodys_act_or_nobodys() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    let told = stage.gatepost(&["audit", "list", "kind:0000000000"]);
    assert_eq!(told.status.code(), Some(2), "{told:?}");
    let (_, all) = told.stderr.split_once("it is one of ").unwrap();
    let all: BTreeSet<&str> = all.split_whitespace().collect();
    let acts = [
        vec![first(), on_a_log_of_last_month(), on_a_store_of_long_ago()],
        on_accounts(),
        on_factors_and_sources(),
        on_rules(),
        on_mail_and_the_machine(),
    ];
    let acts = acts.iter().flatten().flat_map(|act| &act.wrote);
    let acts: BTreeSet<&str> = acts.map(|wrote| wrote.kind).collect();
    for nobodys in NOBODYS.iter().chain(&ELSEWHERE) {
        assert!(!acts.contains(nobodys), "{nobodys} stands in two tables");
    }
    let known: BTreeSet<&str> = acts.into_iter().chain(NOBODYS).chain(ELSEWHERE).collect();
    assert_eq!(all, known);
}

/// What login(1) and sshd write of whoever is logged in at so many terminals.
fn logged_in(terminals: usize, pid: u32, host: &str) -> Vec<u8> {
    let record = |terminal: usize| {
        let mut record = vec![0; size_of::<libc::utmpx>()];
        let mut put = |at: usize, bytes: &[u8]| {
            record[at..at + bytes.len()].copy_from_slice(bytes);
        };
        put(
            offset_of!(libc::utmpx, ut_type),
            &libc::USER_PROCESS.to_ne_bytes(),
        );
        put(offset_of!(libc::utmpx, ut_pid), &pid.to_ne_bytes());
        let line = format!("pts/{terminal}");
        put(offset_of!(libc::utmpx, ut_line), line.as_bytes());
        put(offset_of!(libc::utmpx, ut_host), host.as_bytes());
        record
    };
    (0..terminals).flat_map(record).collect()
}

// Mutants: SSH_CONNECTION, SSH_TTY or utmp is believed; a terminal that is only the controlling one is none; a
// session's file is not read.
#[test]
fn the_terminal_of_an_act_and_its_logins_host_are_in_its_event() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    stage.enrol("alice", ALICE);
    // A login by the kernel, and what logind keeps of its session, where it keeps any.
    let login = "echo 0 > /proc/self/loginuid; [ ! -d /run/systemd/sessions ] || printf \
                 'REMOTE=1\\nREMOTE_HOST=203.0.113.9\\n' > /run/systemd/sessions/$(cat /proc/self/sessionid)";
    let note = |text: &str, redirected: &str| {
        let line = format!(
            "{login}; {} user note alice {text} {redirected}; echo done",
            product::CLI
        );
        let mut command = stage.command("/bin/sh");
        command.args(["-c", &line]);
        command.env("SSH_CONNECTION", "198.51.100.7 4711 192.0.2.1 22");
        command.env("SSH_TTY", "/dev/pts/99999");
        let mut terminal = Pty::start(&stage, &command);
        terminal.wait_for("done");
        let _ = terminal.wait_exit(SOON);
        let last = events(&stage).pop().unwrap();
        assert_eq!(last["detail"]["after"], text, "{last}");
        last["detail"].clone()
    };
    let number = |detail: &Value| -> u32 {
        let tty = detail["tty"].as_str().unwrap();
        tty.strip_prefix("pts/").unwrap().parse().unwrap()
    };
    // Anybody can have such a record written.
    let records = logged_in(2_000, std::process::id(), "203.0.113.8");
    std::fs::write("/run/utmp", records).unwrap();
    let detail = note("one", "");
    assert!(number(&detail) < 99999, "{detail}");
    assert_eq!(detail.get("rhost"), None, "{detail}");
    let detail = note("two", "</dev/null >/dev/null 2>&1");
    let _controlling = number(&detail);
    assert_eq!(detail.get("rhost"), None, "{detail}");
    if std::fs::read("/proc/self/sessionid").is_err() {
        println!("SKIPPED the session's host: this kernel keeps no sessions");
        return;
    }
    std::fs::create_dir_all("/run/systemd/sessions").unwrap();
    let detail = note("three", "");
    assert_eq!(detail["rhost"], "203.0.113.9", "{detail}");
    // The list and the console show it as the rest.
    let tail = stage.gatepost(&["audit", "tail", "-n", "1"]).success();
    assert!(tail.stdout.contains(r#""rhost":"203.0.113.9""#), "{tail:?}");
}
