//! What doctor says of a stack, against what libpam makes of it: whoever is let in by the real thing though
//! our module refused, or was not asked, is let in by doctor's reckoning too, and nobody else is.

use gatepost_tests::config::Config;
use gatepost_tests::require;
use gatepost_tests::smtp::{Encryption, Sink};
use gatepost_tests::stage::Stage;

/// Stacks in which our module refuses everybody, and whether somebody is let in all the same. Few of them:
/// a refusal takes libpam its two seconds.
const STACKS: [(&str, bool); 22] = [
    (
        "auth required SAYS=success\nauth required OURS\nauth required pam_permit.so\n",
        false,
    ),
    // What jumps is not noted, and the jump passes over one line.
    (
        "auth [success=1 default=ignore] SAYS=success\nauth required OURS\nauth required pam_permit.so\n",
        true,
    ),
    (
        "auth [success=1 default=ignore] SAYS=success\nauth required OURS\n",
        false,
    ),
    (
        "auth sufficient SAYS=success\nauth required OURS\nauth required pam_permit.so\n",
        true,
    ),
    // A bad mark stays, whoever says yes behind it; but for a reset.
    (
        "auth required OURS\nauth sufficient SAYS=success\nauth required pam_permit.so\n",
        false,
    ),
    (
        "auth required OURS\nauth [success=reset] SAYS=success\nauth required pam_permit.so\n",
        true,
    ),
    // Done ends a substack, and what includes a file.
    (
        "auth substack part\nauth required OURS\nauth required pam_permit.so\n",
        false,
    ),
    (
        "auth include part\nauth required OURS\nauth required pam_permit.so\n",
        true,
    ),
    // A substack counts as one line for a jump.
    (
        "auth [default=1] SAYS=ignore\nauth substack ours\nauth required pam_permit.so\n",
        true,
    ),
    ("auth optional OURS\nauth optional pam_permit.so\n", true),
    // From within a substack, a reset goes back to what was noted before it, and a jump past its end is bad.
    (
        "auth required OURS\nauth substack back\nauth required pam_permit.so\n",
        false,
    ),
    (
        "auth substack far\nauth [success=reset] SAYS=success\nauth [default=1] SAYS=ignore\n\
         auth required OURS\nauth required pam_permit.so\n",
        true,
    ),
    // A line that makes no sense counts for a jump.
    (
        "auth [default=4] SAYS=ignore\nauth\nauth required\nauht optional SAYS=success\n\
         auth required OURS\nauth required pam_permit.so\n",
        true,
    ),
    // What says neither yes nor no may jump; so may a password that is due to be changed. Taken for good,
    // either is the end of a yes.
    (
        "auth [success=ok ignore=1 default=bad] SAYS=ignore\nauth required OURS\nauth required pam_permit.so\n",
        true,
    ),
    (
        "auth [new_authtok_reqd=1 default=bad] SAYS=new_authtok_reqd\nauth required OURS\nauth required pam_permit.so\n",
        true,
    ),
    (
        "auth [ignore=done default=bad] SAYS=ignore\nauth required OURS\nauth required pam_permit.so\n",
        false,
    ),
    // Blanks may stand around the sign; the first default counts; a bracket ends the control.
    (
        "auth [success= 1 default =ignore] SAYS=success\nauth required OURS\nauth required pam_permit.so\n",
        true,
    ),
    (
        "auth [default=ignore default=bad] OURS\nauth required pam_permit.so\n",
        true,
    ),
    (
        "auth [success=ok default=ignore]OURS\nauth required pam_permit.so\n",
        true,
    ),
    // Without brackets too; and a comment does not end what is continued.
    (
        "auth default=ignore \\\n# comment\n OURS\nauth required pam_permit.so\n",
        true,
    ),
    // Junk anywhere in it makes every result bad, and so does a sign before a number.
    (
        "auth [success=1 default=ignore junk] SAYS=success\nauth required OURS\nauth required pam_permit.so\n",
        false,
    ),
    (
        "auth [success=+1 default=ignore] SAYS=success\nauth required OURS\nauth required pam_permit.so\n",
        false,
    ),
];

// Mutants: in `run`, a jump is noted as a yes, or counts the lines of a substack; done ends the stack from
// within a substack, or does not end it; reset keeps what was noted; a bad mark goes away again; in a substack, reset forgets all, and a jump too far
// is the end of the way. In `text`:
// the last default counts; junk spoils its own pair alone; a control goes on behind its bracket.
#[test]
fn whoever_libpam_lets_in_past_us_is_found_by_doctor() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = Stage::builder().product(Config::to(&sink)).build();
    let named = |text: &str| {
        text.replace("SAYS=", "pam_debug.so auth=")
            // With a word that it does not know, our module refuses everybody.
            .replace("OURS", "pam_gatepost.so refuse")
    };
    let part = named("auth sufficient SAYS=success\nauth required SAYS=auth_err\n");
    stage.write("/etc/pam.d/part", &part);
    stage.write(
        "/etc/pam.d/ours",
        &named("auth required OURS\nauth required OURS\n"),
    );
    stage.write(
        "/etc/pam.d/back",
        &named("auth [success=reset] SAYS=success\n"),
    );
    stage.write("/etc/pam.d/far", &named("auth [default=7] SAYS=ignore\n"));
    for (number, (text, _)) in STACKS.iter().enumerate() {
        stage.write(&format!("/etc/pam.d/rig-{number}"), &named(text));
    }
    let report = stage.gatepost(&["--json", "doctor"]);
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    for (number, (text, is_let_in)) in STACKS.iter().enumerate() {
        let service = format!("rig-{number}");
        let what = format!("PAM {service}");
        let check = checks.iter().find(|check| check["what"] == what.as_str());
        let faults = check.unwrap()["stack"]["faults"].to_string();
        assert_eq!(faults.contains("let in"), *is_let_in, "{text}\n{faults}");
        let none: [&str; 0] = [];
        let outcome = stage
            .pam(&service)
            .user("alice")
            .rhost("192.0.2.7")
            .answers(none);
        let verdict = outcome.authenticate();
        assert_eq!(verdict == "PAM_SUCCESS", *is_let_in, "{text}\n{verdict}");
    }
}

/// Stacks of which libpam on one machine makes something else than on another: `LONG` is a comment of more
/// bytes than a line may have, whose rest is no comment for version 1.5.
const TWOFOLD: [(&str, &str); 4] = [
    (
        "LONGauth sufficient SAYS=success\nauth required OURS\nauth required pam_permit.so\n",
        "is too long",
    ),
    // Debian's build looks for what is included in /etc/pam.d alone, counts one line for what it doesn't
    // find, and so the jump passes over our line.
    (
        "auth [success=2 default=ignore] SAYS=success\nauth include shipped\nauth required OURS\n\
         auth required pam_permit.so\n",
        "is not where PAM looks for it",
    ),
    (
        "auth [default=4294967297] SAYS=ignore\nauth required OURS\nauth required pam_permit.so\n",
        "in two ways",
    ),
    (
        "auth [success=1 \\\n\n default=ignore] SAYS=success\nauth required OURS\nauth required pam_permit.so\n",
        "within a line that goes on",
    ),
];

// Mutants: in `text`, a long line, a large number or a blank line within another is read as if all versions
// did alike; in `read`, Debian's build includes from the other folders.
#[test]
fn what_libpam_reads_in_two_ways_is_not_called_safe() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = Stage::builder().product(Config::to(&sink)).build();
    let named = |text: &str, words: &str| {
        text.replace("LONG", &format!("#{}", "x".repeat(1022)))
            .replace("SAYS=", "pam_debug.so auth=")
            .replace("OURS", &format!("pam_gatepost.so {words}"))
    };
    let shipped = named("auth optional SAYS=ignore\nauth optional SAYS=ignore\n", "");
    stage.write("/usr/lib/pam.d/shipped", &shipped);
    for (number, (text, _)) in TWOFOLD.iter().enumerate() {
        // With a word that it does not know, our module refuses everybody.
        stage.write(
            &format!("/etc/pam.d/refuses-{number}"),
            &named(text, "refuse"),
        );
        stage.write(
            &format!("/etc/pam.d/asks-{number}"),
            &named(text, "after=key"),
        );
    }
    let report = stage.gatepost(&["--json", "doctor"]);
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    for (number, (text, told)) in TWOFOLD.iter().enumerate() {
        let none: [&str; 0] = [];
        let login = stage.pam(&format!("refuses-{number}"));
        let outcome = login.user("alice").rhost("192.0.2.7").answers(none);
        let is_let_in = outcome.authenticate() == "PAM_SUCCESS";
        let what = format!("PAM asks-{number}");
        let check = checks.iter().find(|check| check["what"] == what.as_str());
        let check = check.unwrap();
        // What is included is looked for in both folders by builds other than Debian's: they are sure of it.
        let is_sure = check["finding"] == "ok" && told.contains("PAM looks for it");
        let is_told = check["detail"].to_string().contains(told);
        assert!(
            is_told || is_sure && !is_let_in,
            "{text}\n{check}\n{is_let_in}"
        );
    }
}
