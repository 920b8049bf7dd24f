//! Stacks, and what is said of them. The first are those of the README, as they are shipped.

use super::libpam::Includes;
use super::read::{Content, Unread};
use super::{Finding, Known, Secrets, Stack, Stacks};

const COMMON: &str = "auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth\trequisite\t\t\tpam_deny.so\n\
                      auth\trequired\t\t\tpam_permit.so\nauth optional pam_cap.so\n";

macro_rules! shipped {
    ($name:literal) => {
        include_str!(concat!("../../../../packaging/pam.d/", $name))
    };
}

/// All is told, and the library is Debian's.
const ALL: (Secrets, Includes) = (Secrets::Read, Includes::Own);

/// The service's stack, as it is told to whoever may see all of it.
fn stack(text: &str) -> Option<Stack> {
    match known(text) {
        Known::Loads(stack) => Some(stack),
        Known::Lacks | Known::Hidden(_) => None,
    }
}

fn known(text: &str) -> Known {
    super::stack("service", ALL, &|_, name| read(name, text))
}

// Mutants: a service that gets our line through a link is not told of; what is missing hides something.
#[test]
fn where_something_was_not_looked_at_nobody_is_taken_to_be_unasked() {
    let unix = "auth required pam_unix.so\n";
    for (text, hides) in [
        ("@include link\n", true),
        ("auth substack elsewhere/link\n", true),
        ("auth include nowhere\nauth include link\n", true),
        ("auth include link\nauth include nowhere\n", true),
        ("@include round\n", true),
        ("@include nowhere\n", false),
        ("@include common-auth\n", false),
    ] {
        let known = known(&format!("{unix}{text}"));
        match &known {
            Known::Hidden(fault) => assert!(hides && !fault.what.contains("nowhere"), "{known:?}"),
            Known::Lacks => assert!(!hides, "{text}"),
            Known::Loads(_) => panic!("{text}"),
        }
    }
    let itself = super::stack("link", ALL, &|_, name| read(name, ""));
    let Known::Hidden(fault) = itself else {
        panic!("{itself:?}");
    };
    let mut stacks = Stacks::default();
    for service in ["link", "sshd"] {
        stacks.hides(fault.clone(), service.to_owned());
    }
    assert_eq!(stacks.unknown.len(), 1);
    assert_eq!(stacks.unknown[0].services, ["link", "sshd"]);
}

fn read(name: &str, text: &str) -> Result<Content, Unread> {
    let text = match name {
        "service" => text.to_owned(),
        "common-auth" => COMMON.to_owned(),
        "with-us" => {
            format!("{COMMON}auth required pam_gatepost.so\nauth required pam_permit.so\n")
        }
        "password-auth" => {
            "auth required pam_env.so\nauth sufficient pam_unix.so\nauth required pam_deny.so\n"
                .to_owned()
        }
        "far" => "auth [default=7] pam_echo.so\n".to_owned(),
        "back" => "auth [success=reset default=ignore] pam_echo.so\n".to_owned(),
        "round" => "@include round\n".to_owned(),
        "long" => format!("# {}\n", "x".repeat(1100)),
        "link" => return Err(Unread::Link),
        "elsewhere/link" => return Err(Unread::Elsewhere),
        _missing => return Err(Unread::Missing),
    };
    let closed = name == "service" && text.contains("hunter2");
    Ok(Content { text, closed })
}

/// The findings on a stack, each with its words.
fn faults(text: &str) -> Vec<(Finding, String)> {
    let found = stack(text).unwrap();
    let faults = found.faults.into_iter();
    faults
        .map(|fault| (fault.finding, format!("{} | {}", fault.what, fault.mend)))
        .collect()
}

// Mutants: each of the four stacks of the README has a fault; so has su's, in which root need prove nothing.
#[test]
fn good_stacks_have_no_fault() {
    let two = "auth required pam_gatepost.so\nauth required pam_permit.so\n";
    for (name, text) in [
        ("sshd", shipped!("sshd").to_owned()),
        ("sshd-decoy", shipped!("sshd-decoy").to_owned()),
        ("sshd-key", shipped!("sshd-key").to_owned()),
        ("sudo", shipped!("sudo").to_owned()),
        ("readme", format!("auth requisite pam_unix.so\n{two}")),
        (
            "su",
            format!("auth sufficient pam_rootok.so\n@include common-auth\n{two}"),
        ),
        ("pam-auth-update", "@include with-us\n".to_owned()),
        ("substack", format!("auth substack password-auth\n{two}")),
        (
            "reset in a substack",
            format!("@include common-auth\n{two}auth substack back\nauth optional pam_x.so\n"),
        ),
        (
            "after a cap",
            format!("@include common-auth\nauth optional pam_cap.so\n{two}"),
        ),
        (
            "what is no yes",
            format!(
                "auth requisite pam_unix.so\nauth [ignore=done default=ignore] pam_x.so\n{two}"
            ),
        ),
        (
            "no permit",
            "@include common-auth\nauth required pam_gatepost.so\n".to_owned(),
        ),
    ] {
        assert_eq!(faults(&text), [], "{name}");
    }
}

// Mutants: modules say yes or no alone; a reset in a substack forgets all; what makes no sense is dropped; a jump counts; include is a substack; done does not end; a refusal of one kind alone is looked at.
#[test]
fn what_lets_in_without_a_code_is_found() {
    use Finding::{Problem, Warning};
    for (text, finding, words) in [
        (
            "@include common-auth\nauth sufficient pam_gatepost.so\n",
            Problem,
            "service:2: who is refused there",
        ),
        (
            "@include common-auth\nauth optional pam_gatepost.so\n",
            Problem,
            "who is refused there",
        ),
        (
            "@include common-auth\nauth [success=ok perm_denied=ignore default=bad] pam_gatepost.so\n",
            Problem,
            "who is refused there",
        ),
        (
            "@include common-auth\nauth [success=ok default=1] pam_gatepost.so\nauth required pam_deny.so\n",
            Problem,
            "who is refused there",
        ),
        (
            "auth sufficient pam_gatepost.so after=key\n",
            Problem,
            "who is refused there",
        ),
        (
            "@include common-auth\nauth required pam_gatepost.so\nauth [success=reset] pam_x.so\nauth required pam_permit.so\n",
            Problem,
            "is let in by what stands behind it",
        ),
        (
            "auth sufficient pam_unix.so\nauth required pam_gatepost.so\nauth required pam_permit.so\n",
            Problem,
            "service:1: whoever passes pam_unix.so is let in without a code",
        ),
        (
            "auth [success=2 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_gatepost.so\nauth required pam_permit.so\n",
            Problem,
            "service:1: whoever passes pam_unix.so",
        ),
        (
            "auth include password-auth\nauth required pam_gatepost.so\nauth required pam_permit.so\n",
            Problem,
            "password-auth:2: whoever passes pam_unix.so",
        ),
        (
            "auth sufficient pam_u2f.so\n@include with-us\n",
            Warning,
            "service:1: whoever passes pam_u2f.so",
        ),
        (
            "auth [default=1] pam_echo.so\nauth required pam_gatepost.so\nauth required pam_permit.so\n",
            Problem,
            "somebody who proved nothing is let in",
        ),
        (
            "auth substack far\nauth [success=reset] pam_u2f.so\nauth [default=1] pam_echo.so\nauth required pam_gatepost.so\nauth required pam_permit.so\n",
            Warning,
            "service:2: whoever passes pam_u2f.so",
        ),
        (
            "@include common-auth\nauth [default=4] pam_echo.so\nauth\nauth required\nauht optional pam_x.so\nauth required pam_gatepost.so\nauth required pam_permit.so\n",
            Problem,
            "common-auth:1: whoever passes pam_unix.so",
        ),
        (
            "auth [success=ok ignore=1 default=bad] pam_wheel.so\nauth required pam_gatepost.so\nauth required pam_permit.so\n",
            Problem,
            "somebody who proved nothing is let in",
        ),
        (
            "auth [success=ok new_authtok_reqd=1 default=bad] pam_unix.so\nauth required pam_gatepost.so\nauth required pam_permit.so\n",
            Problem,
            "service:1: whoever passes pam_unix.so",
        ),
        (
            "auth [success=ok ignore=bad new_authtok_reqd=bad auth_err=bad maxtries=bad user_unknown=bad perm_denied=bad conv_err=bad system_err=bad authinfo_unavail=bad service_err=bad default=1] pam_x.so\nauth required pam_gatepost.so\nauth required pam_permit.so\n",
            Problem,
            "somebody who proved nothing is let in",
        ),
    ] {
        finds(text, finding, words);
    }
}

/// Insists on a fault, and on the worst one first.
fn finds(text: &str, finding: Finding, words: &str) {
    let found = faults(text);
    let is_it = |(of, told): &(Finding, String)| *of == finding && told.contains(words);
    assert!(found.iter().any(is_it), "{text}\n{found:?}");
    let is_problem = |(of, _): &(Finding, String)| *of == Finding::Problem;
    let first = found.first().is_some_and(is_problem);
    assert_eq!(first, found.iter().any(is_problem), "{text}\n{found:?}");
}

// Mutants: a module that says nothing counts as a yes; a word is known in any spelling; a file that was not
// read is taken for an empty one.
#[test]
fn what_lets_in_nobody_or_is_not_known_is_found() {
    use Finding::{Problem, Warning};
    for (text, finding, words) in [
        (
            "auth required pam_gatepost.so after=key\n",
            Warning,
            "put auth required pam_permit.so behind it",
        ),
        (
            "auth required pam_gatepost.so after=key\nauth optional pam_cap.so\n",
            Warning,
            "put auth required pam_permit.so behind it",
        ),
        (
            "auth required pam_gatepost.so\n@include common-auth\n",
            Warning,
            "service:1: a code is mailed before anybody proved a password",
        ),
        (
            "auth requisite pam_unix.so\nauth required pam_gatepost.so decoi\nauth required pam_permit.so\n",
            Problem,
            "the word decoi is not known there",
        ),
        (
            "auth required pam_gatepost.so after=key after=password\n",
            Problem,
            "the word after=password is not known there or stands twice",
        ),
        (
            "auth requisite pam_deny.so\nauth required pam_gatepost.so after=key\n",
            Problem,
            "no way through it lets anybody in",
        ),
        (
            "auth [success=7 default=ignore] pam_unix.so\nauth requisite pam_gatepost.so decoy\n",
            Problem,
            "no way through it lets anybody in",
        ),
        (
            "@include nowhere\nauth required pam_gatepost.so\n",
            Warning,
            "nowhere is included, and is not where PAM looks for it",
        ),
        (
            "@include round\nauth required pam_gatepost.so\n",
            Problem,
            "more than anybody can follow",
        ),
        (
            "@include link\nauth required pam_gatepost.so after=key\n",
            Warning,
            "link is a link",
        ),
    ] {
        finds(text, finding, words);
    }
    let permit = "auth required pam_permit.so\n";
    assert_eq!(stack(permit), None);
}

#[test]
fn modules_stand_in_order_with_where_they_come_from() {
    let text = shipped!("sudo");
    let found = stack(text).unwrap();
    let shown: Vec<String> = found
        .modules
        .iter()
        .map(|place| {
            format!(
                "{} {} {} {}",
                place.depth,
                place.at(),
                place.module,
                place.ours
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "1 common-auth:1 pam_unix.so false",
            "1 common-auth:2 pam_deny.so false",
            "1 common-auth:3 pam_permit.so false",
            "1 common-auth:4 pam_cap.so false",
            "0 service:7 pam_gatepost.so true",
            "0 service:8 pam_permit.so true",
        ]
        .map(|line| line.replace("8 pam_permit.so true", "8 pam_permit.so false"))
    );
    assert!(
        found.told().contains("line 7 of service"),
        "{}",
        found.told()
    );
}

// Mutants: the words of other modules are told; those of a closed file are, or its controls, its modules, its
// includes, or what is wrong with our words.
#[test]
fn who_may_not_read_a_file_is_told_nothing_of_what_it_holds() {
    let text = "auth [user_unknown=3 default=bad] pam_hunter2.so passwd=hunter2\n\
                auth sufficient pam_hunter2.so\n\
                auth requisite pam_gatepost.so hunter2\n\
                @include hunter2\n@include common-auth\n";
    let told = |secrets| match super::stack("service", (secrets, Includes::Own), &|_, name| {
        read(name, text)
    }) {
        Known::Loads(stack) => stack,
        odd @ (Known::Lacks | Known::Hidden(_)) => panic!("{odd:?}"),
    };
    let all = serde_json::to_string(&told(Secrets::Read)).unwrap();
    for word in ["hunter2", "user_unknown=3", "sufficient", "nullok"] {
        assert!(all.contains(word), "{word}\n{all}");
    }
    let little = serde_json::to_string(&told(Secrets::LeftClosed)).unwrap();
    for word in [
        "hunter2",
        "user_unknown=3",
        "nullok",
        "requisite pam_gatepost",
    ] {
        assert!(!little.contains(word), "{word}\n{little}");
    }
    // It is known that something is wrong, where, and what is no secret.
    for word in [
        "service:3: a word is not known",
        "[success=1 default=ignore]",
        "pam_unix.so",
    ] {
        assert!(little.contains(word), "{word}\n{little}");
    }
}

// Mutants: each include is followed, however many were; a file that includes itself is read again.
#[test]
fn includes_that_double_are_given_up() {
    use std::cell::Cell;
    for (text, most) in [
        ("@include NEXT\n@include NEXT\n", 64),
        ("auth substack NEXT\nauth include NEXT\n", 64),
        ("@include 0\n@include 0\n", 1),
        ("@include 1\n@include 1\n", 2),
    ] {
        let reads = Cell::new(0);
        let read = |_, name: &str| {
            reads.set(reads.get() + 1);
            let next = name.parse::<usize>().unwrap() + 1;
            let text = match next {
                16 => String::new(),
                _more => text.replace("NEXT", &next.to_string()),
            };
            Ok(Content {
                text: format!("{text}auth required pam_gatepost.so\n"),
                closed: false,
            })
        };
        let known = super::stack("0", ALL, &read);
        assert!(reads.get() <= most, "{text}: {}", reads.get());
        let Known::Loads(stack) = known else {
            panic!("{known:?}");
        };
        assert!(
            stack.faults[0].what.contains("more than anybody"),
            "{stack:?}"
        );
    }
}

// Mutants: what is read in two ways is told and gone through all the same, or hides that ours is there.
#[test]
fn of_lines_that_are_read_in_two_ways_nothing_is_concluded() {
    let two =
        "auth required pam_unix.so\nauth required pam_gatepost.so\nauth required pam_permit.so\n";
    for (line, told) in [
        (format!("# {}\n", "x".repeat(1100)), "service:4 is too long"),
        (
            "auth required \\\n\n pam_x.so\n".to_owned(),
            "service:5 is blank or a comment",
        ),
        (
            "auth required \\\n".to_owned(),
            "service:4 ends in a backslash",
        ),
        (
            "auth [success=4294967297] pam_x.so\n".to_owned(),
            "service:4 has a number",
        ),
    ] {
        let found = stack(&format!("{two}{line}")).unwrap();
        assert!(found.told().contains(told), "{}", found.told());
        assert!(found.modules.iter().any(|place| place.ours));
    }
    let unasked = stack(&format!(
        "auth sufficient pam_unix.so\n{two}# {}\n",
        "x".repeat(1100)
    ));
    assert_eq!(unasked.unwrap().faults.len(), 1);
    let included = known("auth include long\n");
    assert!(matches!(included, Known::Hidden(_)), "{included:?}");
}

// Mutant: a copy that dpkg left is taken for a service.
#[test]
fn parts_and_copies_are_no_services() {
    for name in ["sshd", "su-l", "systemd-user", "old", "dpkg-old", "org.x.y"] {
        assert!(super::is_service(name), "{name}");
    }
    for name in [
        "common-auth",
        "password-auth",
        "sshd~",
        "sshd.dpkg-old",
        "sshd.dpkg-dist",
        "sshd.rpmnew",
        "sshd.rpmsave",
        "sshd.ucf-dist",
        "sshd.pacnew",
        "sshd.bak",
    ] {
        assert!(!super::is_service(name), "{name}");
    }
}
