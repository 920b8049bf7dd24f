//! Who may what, through a real sudo: each role against each command, guards, files, environment.

use std::collections::HashMap;

use crate::console::Terminal;
use crate::stage::{CONFIG, Ended, Stage, skip};

/// People in their groups, and the lines that let them call the program and nothing else.
const PEOPLE: &str = r#"
groupadd gp-admin && groupadd gp-helpdesk && groupadd gp-auditor || exit 1
for who in ann:gp-admin hal:gp-helpdesk aud:gp-auditor; do
    useradd --no-create-home --groups ${who#*:} ${who%:*} || exit 1
    echo "%${who#*:} ALL=(root) NOPASSWD: NOSETENV: /usr/bin/gatepost" >> /etc/sudoers.d/gatepost
done
useradd --no-create-home eve
echo "eve ALL=(root) NOPASSWD: NOSETENV: /usr/bin/gatepost" >> /etc/sudoers.d/gatepost
chmod 0440 /etc/sudoers.d/gatepost
for who in sudo other; do printf 'auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n' > /etc/pam.d/$who; done
"#;

/// The groups' roles.
const ROLES: &str = "[roles]\nadmin = [\"gp-admin\"]\nhelpdesk = [\"gp-helpdesk\"]\n\
    auditor = [\"gp-auditor\"]\n";

/// An installation with people of each role; none, having said why, where there is no sudo.
pub(crate) fn staffed(test: &str) -> Option<Stage> {
    let stage = Stage::installed(test)?;
    if stage.shell("command -v sudo && command -v setpriv").code != 0 {
        skip(test, "needs sudo and setpriv");
        return None;
    }
    stage.shell(PEOPLE).exits(0);
    stage.write("/etc/gatepost/gatepost.toml", &format!("{CONFIG}{ROLES}"));
    let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    Some(stage)
}

/// As somebody who logged in as themselves and calls sudo.
fn called(stage: &Stage, who: &str, line: &str) -> Ended {
    let become_them = format!(
        "echo $(id -u {who}) 2>/dev/null > /proc/self/loginuid
         exec setpriv --reuid={who} --regid={who} --init-groups sudo -n {line}"
    );
    stage.shell(&become_them)
}

fn asks(stage: &Stage, who: &str, words: &str) -> Ended {
    called(stage, who, &format!("gatepost {words}"))
}

/// What a command needs, least role first: everybody with a role, the helpdesk, admins.
const COMMANDS: &[(&str, &str)] = &[
    ("why alice", "auditor"),
    ("mail list", "auditor"),
    ("policy show", "auditor"),
    ("policy odds", "auditor"),
    ("policy test --user alice", "auditor"),
    ("policy diff -", "auditor"),
    ("policy diff /dev/null", "admin"),
    ("policy history", "auditor"),
    ("policy try - --revert-after 5m --yes", "admin"),
    ("policy confirm", "admin"),
    ("policy apply - --yes", "admin"),
    ("policy rollback 1 --yes", "admin"),
    ("simulate alice", "auditor"),
    ("audit tail", "auditor"),
    ("audit list", "auditor"),
    ("audit verify", "auditor"),
    ("audit export", "auditor"),
    ("audit head", "auditor"),
    ("mail queue", "auditor"),
    ("mail health", "auditor"),
    ("mail template list", "auditor"),
    ("mail template show code.txt", "auditor"),
    ("mail template check", "admin"),
    ("mail template preview code", "admin"),
    ("mail template edit code.txt - --yes", "admin"),
    ("mail template edit code.txt /dev/null --yes", "admin"),
    ("mail template edit code.txt --reset --yes", "admin"),
    ("mail retry --all", "admin"),
    ("audit verify --against journal", "admin"),
    ("audit prune --keep 400d --dry-run", "admin"),
    ("store backup /var/copy", "admin"),
    ("store restore /var/copy --verify", "admin"),
    ("store check", "admin"),
    ("store migrate --dry-run", "admin"),
    ("store vacuum", "admin"),
    ("store clock", "admin"),
    ("backup /var/copy", "admin"),
    ("restore /var/copy --verify", "admin"),
    ("doctor", "auditor"),
    ("user list", "auditor"),
    ("user show alice", "auditor"),
    ("user export", "auditor"),
    ("user note alice", "auditor"),
    ("source list alice", "auditor"),
    ("undo --list", "auditor"),
    ("attack", "auditor"),
    ("status", "auditor"),
    ("bypass list", "auditor"),
    ("factor list alice", "auditor"),
    ("shield status", "auditor"),
    ("user list --unmask", "helpdesk"),
    ("user export --unmask", "helpdesk"),
    ("user invite alice", "helpdesk"),
    ("undo", "helpdesk"),
    ("bypass new alice --reason TICKET-812", "helpdesk"),
    ("bypass revoke alice", "helpdesk"),
    ("factor remove alice bypass", "helpdesk"),
    ("user verify alice", "helpdesk"),
    ("user unlock alice", "helpdesk"),
    ("user disable alice", "admin"),
    ("user enable alice", "admin"),
    ("user lock alice", "admin"),
    ("user note alice text", "admin"),
    ("user set-mail alice a@example.org", "admin"),
    ("user import - --yes", "admin"),
    ("user import /dev/null --yes", "admin"),
    ("source revoke alice --all", "admin"),
    ("recovery new alice", "admin"),
    ("factor remove alice recovery", "admin"),
    ("shield on --source 203.0.113.9", "admin"),
    ("shield off --all", "admin"),
    ("user remove alice --yes", "admin"),
    ("user add alice alice@example.org --confirmed", "admin"),
    ("mail test a@example.org", "admin"),
    ("maintain", "admin"),
    ("setup", "admin"),
    ("--conf /etc/gatepost/gatepost.toml user list", "admin"),
];
/// Commands that ask for no role: one has no terminal here, one says nothing of this machine.
const ROLELESS: [&str; 6] = ["completions", "console", "keys", "man", "themes", "version"];

// Mutants: a verb asks for the wrong right, or for none.
#[test]
fn each_role_may_each_command_or_is_refused() {
    let Some(stage) = staffed("each_role_may_each_command_or_is_refused") else {
        return;
    };
    let roles = ["auditor", "helpdesk", "admin"];
    for &(words, least) in COMMANDS {
        let needed = roles.iter().position(|role| *role == least);
        for (rank, who) in ["aud", "hal", "ann"].iter().enumerate() {
            let ended = asks(&stage, who, words);
            let is_refused = ended.code == 4;
            assert_eq!(is_refused, Some(rank) < needed, "{who}: {ended}");
        }
        asks(&stage, "eve", words)
            .exits(4)
            .tells("eve has no role here");
    }
}

// Mutant: somebody is asked whether they mean it, or told to add a word, who may not.
#[test]
fn who_may_not_take_an_act_back_is_not_asked_about_it() {
    let Some(stage) = staffed("who_may_not_take_an_act_back_is_not_asked_about_it") else {
        return;
    };
    asks(&stage, "ann", "user lock alice").exits(0);
    let listed = asks(&stage, "aud", "--json undo --list").exits(0).json();
    let undo = format!("undo {}", listed["undo"][0]["id"]);
    for who in ["aud", "hal"] {
        for more in ["", " --dry-run", " --yes"] {
            asks(&stage, who, &format!("{undo}{more}")).exits(4);
        }
    }
    asks(&stage, "ann", &undo).exits(2).tells(": lock of alice");
    asks(&stage, "ann", &format!("{undo} --yes")).exits(0);
}

/// The subcommands that the program's own help names, with those below them.
fn known(stage: &Stage, above: &str) -> Vec<String> {
    let help = stage.gatepost(
        &format!("{above} --help")
            .split_whitespace()
            .collect::<Vec<_>>(),
    );
    let commands = help.out.split("\nCommands:\n").nth(1).unwrap_or_default();
    let commands = commands.split("\n\n").next().unwrap_or_default();
    let names = commands.lines().filter_map(|line| {
        let name = line.strip_prefix("  ")?.split(' ').next()?;
        (!name.is_empty() && name != "help").then_some(name)
    });
    let below = names.flat_map(|name| {
        let path = format!("{above} {name}").trim().to_owned();
        match known(stage, &path) {
            none if none.is_empty() => vec![path],
            some => some,
        }
    });
    below.collect()
}

#[test]
fn every_command_stands_in_the_table_of_roles() {
    let Some(stage) = Stage::open("every_command_stands_in_the_table_of_roles") else {
        return;
    };
    let known = known(&stage, "");
    assert!(known.len() > 15, "{known:?}");
    for command in known {
        let is_there = |words: &str| words == command || words.starts_with(&format!("{command} "));
        assert!(
            COMMANDS.iter().any(|(words, _)| is_there(words)) || ROLELESS.contains(&&*command),
            "gatepost {command}: say in COMMANDS which role it takes"
        );
    }
}

#[test]
fn the_helpdesk_unlocks_others_five_times_and_the_audit_names_it() {
    let Some(stage) = staffed("the_helpdesk_unlocks_others_five_times_and_the_audit_names_it")
    else {
        return;
    };
    for who in ["ann", "hal", "aud", "root"] {
        let address = format!("{who}@example.org");
        stage
            .gatepost(&["user", "add", who, &address, "--confirmed"])
            .exits(0);
        asks(&stage, "hal", &format!("user unlock {who}"))
            .exits(4)
            .tells("may not act on");
    }
    for _ in 0..5 {
        asks(&stage, "hal", "user unlock alice").exits(0);
    }
    asks(&stage, "hal", "user unlock alice")
        .exits(4)
        .tells("5 times within a day");
    asks(&stage, "ann", "user unlock alice").exits(0);
    asks(&stage, "hal", "user unlock alice").exits(4);
    let by = |event: &serde_json::Value| event["detail"]["by"].as_str().map(str::to_owned);
    let events = stage.gatepost(&["--json", "audit", "list", "alice"]).json();
    let events = events["events"].as_array().unwrap();
    let said: Vec<_> = events.iter().filter_map(by).collect();
    let helped = said.iter().filter(|by| *by == "hal (helpdesk)").count();
    assert_eq!(helped, 5, "{said:?}");
    assert_eq!(said.last().unwrap(), "root (login ann)");
    assert_eq!(said.first().unwrap(), "root, login unknown");
}

// Mutants: a role's group that is not there has no members; members of sudo are anybody once admins are
// others.
#[test]
fn whom_the_helpdesk_may_act_on_does_not_grow_where_groups_are_missing() {
    let Some(stage) = staffed("whom_the_helpdesk_may_act_on_does_not_grow") else {
        return;
    };
    asks(&stage, "hal", "user unlock alice").exits(0);
    // Whoever is in it becomes root, whatever [roles] says of admins.
    stage
        .shell("groupadd -f sudo && usermod -aG sudo alice")
        .exits(0);
    asks(&stage, "hal", "user unlock alice")
        .exits(4)
        .tells("may become root");
    stage.shell("gpasswd -d alice sudo").exits(0);
    asks(&stage, "hal", "user unlock alice").exits(0);
    // A name that no source knows, be it a typo or a directory that is down.
    let typo = ROLES.replace("gp-auditor", "gp-auditors");
    stage.write("/etc/gatepost/gatepost.toml", &format!("{CONFIG}{typo}"));
    for words in ["user unlock alice", "user verify alice"] {
        asks(&stage, "hal", words)
            .exits(4)
            .tells("the group database does not say");
    }
    asks(&stage, "ann", "user unlock alice").exits(0);
}

// Mutant: a variable that names a caller beside sudo's is passed over.
#[test]
fn only_sudo_carries_roles() {
    let Some(stage) = staffed("only_sudo_carries_roles") else {
        return;
    };
    for (variables, code) in [
        ("DOAS_USER=hal", 4),
        ("PKEXEC_UID=0", 4),
        ("DOAS_USER=", 4),
        ("DOAS_USER=hal SUDO_UID=0", 0),
    ] {
        stage
            .shell(&format!("{variables} gatepost maintain"))
            .exits(code);
    }
    stage
        .shell("DOAS_USER=hal gatepost maintain")
        .tells("only sudo carries roles");
    // Nobody logged in here, as the kernel has it.
    let doctor = stage.gatepost(&["doctor"]).out;
    let warned = doctor.contains("the kernel does not say who logged in");
    assert_eq!(
        warned,
        stage.shell("cat /proc/self/loginuid").out.trim() == UNSET
    );
    // As many rows as one look may read, and no more.
    asks(&stage, "aud", "audit list -n 10000").exits(0);
    asks(&stage, "aud", "audit list -n 10001").exits(2);
    asks(&stage, "aud", "mail list -n 4294967295").exits(2);
}

// Mutants: the file's line is quoted to everybody; doctor reads the key for an auditor.
#[test]
fn people_below_admin_are_told_no_word_of_the_files() {
    let test = "people_below_admin_are_told_no_word_of_the_files";
    let Some(stage) = staffed(test) else {
        return;
    };
    let odd = format!("{CONFIG}password = \"hunter2\"\n{ROLES}");
    stage.write("/etc/gatepost/gatepost.toml", &odd);
    for (who, is_told) in [("aud", false), ("hal", false), ("ann", true)] {
        for words in ["doctor", "user list"] {
            let told = asks(&stage, who, words);
            let said = format!("{}{}", told.out, told.err);
            assert!(said.contains("line "), "{told}");
            assert_eq!(said.contains("hunter2"), is_told, "{who}: {told}");
        }
    }
    let sound = format!("{CONFIG}{ROLES}");
    stage.write("/etc/gatepost/gatepost.toml", &sound);
    // Words of other PAM modules may be passwords; where the file is closed, nothing of it is told.
    let pam = "auth requisite pam_mysql.so passwd=hunter2\n\
               auth required pam_gatepost.so\nauth required pam_permit.so\n";
    stage.write("/etc/pam.d/kept-open", pam);
    stage.write("/etc/pam.d/kept-closed", pam);
    stage
        .shell("chmod 644 /etc/pam.d/kept-open && chmod 600 /etc/pam.d/kept-closed")
        .exits(0);
    for (who, is_told) in [("aud", false), ("hal", false), ("ann", true)] {
        let told = asks(&stage, who, "--json doctor");
        assert!(told.out.contains("PAM kept-closed"), "{who}: {told}");
        assert_eq!(told.out.contains("hunter2"), is_told, "{who}: {told}");
        let modules = told.out.matches("pam_mysql.so").count();
        let controls = told.out.matches("requisite").count();
        assert_eq!(
            (modules > 1, controls > 1),
            (is_told, is_told),
            "{who}: {told}"
        );
        assert!(modules > 0 && controls > 0, "{who}: {told}");
    }
    if !crate::shedding::traces(test, &stage) {
        return;
    }
    for (who, is_read) in [("aud", false), ("ann", true)] {
        let uid = stage.shell(&format!("id -u {who}")).out;
        stage.shell(&format!(
            "SUDO_UID={} strace -f -qq -o /run/trace -e trace=openat,openat2 gatepost doctor",
            uid.trim()
        ));
        let trace = stage.shell("cat /run/trace").exits(0).out;
        let opened = |line: &str| line.contains("\"key\"") && !line.contains("O_PATH");
        assert_eq!(trace.lines().any(opened), is_read, "{who}\n{trace}");
    }
}

/// A loginuid that was never set.
const UNSET: &str = "4294967295";

// Mutants: SUDO_UID is believed over the kernel's word; what cannot be told is an admin's.
#[test]
fn the_weaker_of_login_and_sudo_counts() {
    let Some(stage) = staffed("the_weaker_of_login_and_sudo_counts") else {
        return;
    };
    let uid = |who: &str| stage.shell(&format!("id -u {who}")).out.trim().to_owned();
    let (ann, hal, eve) = (uid("ann"), uid("hal"), uid("eve"));
    let settable = stage
        .shell(&format!("echo {ann} > /proc/self/loginuid"))
        .code
        == 0;
    if !settable {
        skip(
            "the_weaker_of_login_and_sudo_counts",
            "loginuid cannot be set: those cases",
        );
    }
    for (login, sudo, code) in [
        (UNSET, None, 0),
        (UNSET, Some("0"), 0),
        (UNSET, Some(ann.as_str()), 0),
        (UNSET, Some(&hal), 4),
        (UNSET, Some(&eve), 4),
        (UNSET, Some(""), 4),
        (UNSET, Some("root"), 4),
        (UNSET, Some("-1"), 4),
        (UNSET, Some("123456789"), 4),
        ("0", None, 0),
        (&ann, None, 0),
        (&ann, Some(&hal), 4),
        (&hal, Some("0"), 4),
        (&hal, Some(&ann), 4),
        (&hal, None, 4),
        (&eve, Some("0"), 4),
        ("123456789", None, 4),
    ] {
        if login != UNSET && !settable {
            continue;
        }
        let sudo = sudo.map_or(String::new(), |uid| format!("export SUDO_UID='{uid}'; "));
        stage
            .shell(&format!(
                "echo {login} 2>/dev/null > /proc/self/loginuid; {sudo}exec gatepost maintain"
            ))
            .exits(code);
    }
}

// Mutants: a broken [roles] falls back to the defaults; --conf gives roles.
#[test]
fn a_broken_configuration_gives_nobody_a_role_and_takes_doctor_from_no_admin() {
    let Some(stage) = staffed("a_broken_configuration_gives_nobody_a_role") else {
        return;
    };
    let conf = "/etc/gatepost/gatepost.toml";
    stage
        .shell("groupadd -f sudo && usermod -aG sudo eve")
        .exits(0);
    // A mistake elsewhere takes no role away.
    stage.write(conf, &format!("{CONFIG}{ROLES}[code]\nlenght = 1\n"));
    asks(&stage, "ann", "user list").exits(1).tells("lenght");
    asks(&stage, "ann", "doctor").exits(10).says("lenght");
    asks(&stage, "eve", "doctor").exits(4);
    // The table itself is broken: members of the usual groups look at what is wrong, and that is all.
    stage.write(conf, &format!("{CONFIG}[roles]\nadmins = []\n"));
    for who in ["ann", "hal", "eve"] {
        asks(&stage, who, "user list").exits(4).tells("admins");
        asks(&stage, who, "setup").exits(4);
    }
    asks(&stage, "eve", "doctor").exits(10).says("admins");
    asks(&stage, "hal", "doctor").exits(4);
    stage.gatepost(&["doctor"]).exits(10).says("admins");
    // Another configuration gives nobody a role.
    stage.write(conf, &format!("{CONFIG}{ROLES}"));
    stage.write(
        "/etc/mine.toml",
        &format!("{CONFIG}[roles]\nadmin = [\"gp-auditor\"]\n"),
    );
    asks(&stage, "aud", "--conf /etc/mine.toml maintain").exits(4);
}

#[test]
fn console_nonroot() {
    let Some(stage) = staffed("console_nonroot") else {
        return;
    };
    let identity = "setpriv --reuid=ann --regid=ann --init-groups";
    for (before, line) in [
        ("true", format!("{identity} gatepost user list")),
        (
            "true",
            format!("SUDO_UID=0 SUDO_USER=root {identity} gatepost user list"),
        ),
        (
            "chmod u+s /usr/bin/gatepost",
            format!("{identity} gatepost user list"),
        ),
        (
            "chmod u+s /usr/bin/gatepost",
            format!("{identity} gatepost console"),
        ),
    ] {
        stage.shell(before).exits(0);
        let ended = stage.shell(&line);
        assert!(matches!(ended.code, 2 | 4), "{ended}");
        assert!(!ended.out.contains("alice"), "{ended}");
    }
}

/// Variables that steer one library or another.
const HOSTILE: &str = "HOME=/run/evil XDG_CONFIG_HOME=/run/evil XDG_DATA_HOME=/run/evil TMPDIR=/run/evil \
    SQLITE_TMPDIR=/run/evil TZ=:/run/evil/zone TZDIR=/run/evil LANG=xx LC_ALL=xx LANGUAGE=xx \
    SSL_CERT_FILE=/run/evil/pem SSL_CERT_DIR=/run/evil http_proxy=http://127.0.0.1:1 \
    RES_OPTIONS=debug LOCALDOMAIN=evil HOSTALIASES=/run/evil/hosts EDITOR=/run/evil/run \
    VISUAL=/run/evil/run PAGER=/run/evil/run SHELL=/run/evil/run RUST_BACKTRACE=full RUST_LOG=trace \
    COLUMNS=1 LINES=1 TERM=/run/evil TERMINFO=/run/evil CLICOLOR_FORCE=1 SUDO_USER=root SUDO_GID=0 \
    SUDO_COMMAND=x USER=root LOGNAME=root GATEPOST_ROLE=admin";

// Mutant: a variable decides, such as which store is opened or what a role is.
#[test]
fn console_hostile_env() {
    let Some(stage) = staffed("console_hostile_env") else {
        return;
    };
    stage
        .shell("mkdir /run/evil; printf '#!/bin/sh\\ntouch /run/evil/ran\\n' > /run/evil/run; chmod 0755 /run/evil/run")
        .exits(0);
    let hal = stage.shell("id -u hal").out.trim().to_owned();
    for words in [
        "user list",
        "user show alice",
        "why alice",
        "policy show",
        "audit verify",
        "maintain",
    ] {
        let calm = stage.shell(&format!("SUDO_UID={hal} gatepost --color never {words}"));
        let hostile = stage.shell(&format!(
            "env {HOSTILE} PATH=/run/evil SUDO_UID={hal} /usr/bin/gatepost --color never {words}"
        ));
        assert_eq!(
            (calm.code, &calm.out, &calm.err),
            (hostile.code, &hostile.out, &hostile.err)
        );
    }
    stage
        .shell("test ! -e /run/evil/ran; code=$?; rm -r /run/evil; exit $code")
        .exits(0);
}

/// Where the program may open something for somebody of the helpdesk.
const ALLOWED: [&str; 22] = [
    // Where the C library asks systemd for users.
    "/run/systemd/userdb",
    "/etc/userdb",
    "/run/userdb",
    "/run/host/userdb",
    "/usr/local/lib/userdb",
    // How many heaps the C library makes for threads.
    "/sys/devices/system/cpu/online",
    "/dev/urandom",
    "/etc/gatepost",
    "/etc/group",
    "/etc/passwd",
    "/etc/nsswitch.conf",
    "/etc/localtime",
    "/etc/ld.so",
    "/etc/pam.d",
    "/usr/share/zoneinfo",
    "/usr/libexec/gatepost",
    "/usr/lib",
    "/lib",
    "/proc/",
    "/sys/fs/cgroup",
    "/run/gatepost",
    "/var/lib/gatepost",
];

/// Calls that open or run something.
const CALLS: &str = "execve,execveat,open,openat,openat2,creat";

/// The calls of a trace, each in one line: strace divides those that another thread's come between.
fn calls(trace: &str) -> Vec<String> {
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let (pid, _) = line.split_once(' ').unwrap_or((line, ""));
        if let Some(start) = line.strip_suffix("<unfinished ...>") {
            begun.insert(pid, start);
        } else if let Some((_, rest)) = line.split_once("resumed>") {
            calls.push(format!("{}{rest}", begun.remove(pid).unwrap_or(line)));
        } else {
            calls.push(line.to_owned());
        }
    }
    // Of those that the end of the program cut off, nothing says that they failed.
    calls.extend(begun.into_values().map(str::to_owned));
    calls
}

/// Holds a trace of the program against what somebody of the helpdesk may have it open and run.
fn opens_and_runs_what_it_may(words: &str, trace: &str) {
    for line in calls(trace).iter().filter(|line| !line.contains("= -1 E")) {
        let Some(path) = line.split('"').nth(1) else {
            continue;
        };
        let runs = line.contains("execve");
        // The link is how the program begins again with an environment of its own.
        let may_run = [
            "/usr/bin/gatepost",
            "/proc/self/exe",
            "/usr/libexec/gatepost/gatepost-sender",
        ];
        let is_right = if runs {
            may_run.contains(&path)
        } else {
            // A step of the walk from / is a name alone, or / itself.
            !path.contains('/')
                || path == "/"
                || ["/dev/null", "/dev/tty"].contains(&path)
                // Where preferences would be: the way is a name alone, too.
                || (path.starts_with("/home/") && line.contains("O_PATH"))
                || ALLOWED.iter().any(|allowed| path.starts_with(allowed))
        };
        assert!(is_right, "gatepost {words}: {line}");
    }
}

// Mutants: a pager is started for long lists; a name from the command line is opened.
#[test]
fn helpdesk_gets_no_shell_no_file() {
    let test = "helpdesk_gets_no_shell_no_file";
    let Some(stage) = staffed(test) else {
        return;
    };
    if stage
        .shell("command -v strace && strace -f -o /run/trace true")
        .code
        != 0
    {
        return skip(test, "needs strace, and leave to trace");
    }
    let hal = stage.shell("id -u hal").out.trim().to_owned();
    for &(words, _) in COMMANDS {
        let traced = format!(
            "echo {hal} 2>/dev/null > /proc/self/loginuid
             EDITOR=/bin/sh VISUAL=/bin/sh PAGER=/bin/sh SUDO_UID={hal} \
             exec strace -f -qq -o /run/trace -e trace={CALLS} \
             gatepost {words}"
        );
        stage.shell(&traced);
        let trace = stage.shell("cat /run/trace").exits(0).out;
        assert!(
            trace.contains("execve(\"/usr/bin/gatepost\""),
            "{words}\n{trace}"
        );
        opens_and_runs_what_it_may(words, &trace);
        let shell = stage.shell("grep -c '/bin/sh' /run/trace").out;
        assert_eq!(shell.trim(), "0", "{words}");
    }
    let Some(terminal) = Terminal::open(test, &stage) else {
        return;
    };
    let calls = format!("-e trace={CALLS}");
    let trace = crate::shedding::console(&stage, &terminal, &calls);
    opens_and_runs_what_it_may("console", &trace);
}
