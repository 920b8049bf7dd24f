//! Who may what, through a real sudo: each role against each command, guards, files.

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
pub(crate) const COMMANDS: &[(&str, &str)] = &[
    ("why alice", "auditor"),
    ("mail list", "auditor"),
    ("policy show", "auditor"),
    ("policy odds", "auditor"),
    ("policy test --user alice", "auditor"),
    ("policy diff -", "auditor"),
    ("policy diff /run/named", "admin"),
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
    ("mail export", "auditor"),
    ("mail health", "auditor"),
    ("mail template list", "auditor"),
    ("mail template show code.txt", "auditor"),
    ("mail template check", "admin"),
    ("mail template preview code", "admin"),
    ("mail template edit code.txt - --yes", "admin"),
    ("mail template edit code.txt /run/named --yes", "admin"),
    ("mail template edit code.txt --reset --yes", "admin"),
    ("mail retry --all", "admin"),
    ("audit verify --against journal", "admin"),
    ("audit fingerprint a@example.org", "admin"),
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
    ("user import /run/named --yes", "admin"),
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

// Mutants: the sixth unlock is not refused; the helpdesk may act on root.
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
