//! `gatepost setup`.

use crate::shedding::traces;
use crate::stage::{CONFIG, Stage};

/// Owner, group and mode of everything that setup makes.
const MADE: &str = "root root 755 /etc/gatepost\n\
    root root 644 /etc/gatepost/gatepost.toml\n\
    root root 600 /etc/gatepost/key\n\
    root root 755 /etc/gatepost/templates\n\
    root root 700 /var/lib/gatepost\n\
    root root 600 /var/lib/gatepost/gatepost.db\n";

const LOOK: &str = "stat -c '%U %G %a %n' /etc/gatepost /etc/gatepost/* /var/lib/gatepost \
    /var/lib/gatepost/gatepost.db";

// Mutant: a file that is made may be read by its group.
#[test]
fn everything_is_made_with_its_owner_and_mode() {
    let Some(stage) = Stage::open("everything_is_made_with_its_owner_and_mode") else {
        return;
    };
    // Whatever umask root happens to have.
    stage.shell("umask 0000; gatepost setup").exits(0);
    assert_eq!(stage.shell(LOOK).exits(0).out, MADE);
    stage
        .shell("stat -c %s /etc/gatepost/key")
        .exits(0)
        .says("32\n");
    let person = stage.shell("getent passwd gatepost").exits(0);
    assert!(
        person.out.ends_with("/nonexistent:/usr/sbin/nologin\n"),
        "{person}"
    );
    stage
        .shell("ls -A /etc/gatepost/templates /var/lib/gatepost | grep unfinished")
        .exits(1);
}

// Mutant: a second setup makes the key anew.
#[test]
fn a_second_setup_changes_nothing() {
    let Some(stage) = Stage::open("a_second_setup_changes_nothing") else {
        return;
    };
    let sums = "cd / && sha256sum etc/gatepost/* var/lib/gatepost/gatepost.db etc/passwd \
        2>/dev/null";
    stage.gatepost(&["setup"]).exits(0).says("created");
    stage
        .shell("echo '# mine' >> /etc/gatepost/gatepost.toml")
        .exits(0);
    let before = stage.shell(sums).out;
    let again = stage.gatepost(&["--json", "setup"]).exits(0);
    let steps = again.json()["steps"].as_array().unwrap().clone();
    assert!(steps.len() >= 7, "{again}");
    for step in steps {
        assert_eq!(step["done"], "left-alone", "{again}");
    }
    assert_eq!(stage.shell(sums).out, before);
}

// Mutant: an empty store is not filled.
#[test]
fn a_setup_that_stopped_half_way_is_finished_by_the_next() {
    let Some(stage) = Stage::open("a_setup_that_stopped_half_way_is_finished_by_the_next") else {
        return;
    };
    stage
        .shell(
            "mkdir -m 755 /etc/gatepost && mkdir -m 700 /var/lib/gatepost && groupadd -r gatepost \
             && head -c 7 /dev/zero > /etc/gatepost/key.unfinished \
             && install -m 600 /dev/null /var/lib/gatepost/gatepost.db",
        )
        .exits(0);
    stage.gatepost(&["setup"]).exits(0);
    assert_eq!(stage.shell(LOOK).exits(0).out, MADE);
}

// Mutant: a mode that is too open is not told.
#[test]
fn what_is_wrong_is_told_and_left_as_it_is() {
    let Some(stage) = Stage::open("what_is_wrong_is_told_and_left_as_it_is") else {
        return;
    };
    stage.gatepost(&["setup"]).exits(0);
    let cases = [
        (
            "chmod 0644 /etc/gatepost/key",
            "chmod 0600 /etc/gatepost/key",
        ),
        (
            "chmod 0755 /var/lib/gatepost",
            "chmod 0700 /var/lib/gatepost",
        ),
        ("printf x >> /etc/gatepost/key", "is no key"),
        (
            "chown alice /var/lib/gatepost/gatepost.db",
            "chown root /var/lib/gatepost/gatepost.db",
        ),
        (
            "mv /etc/gatepost/key /root-key && ln -s /root-key /etc/gatepost/key",
            "is a symbolic link",
        ),
        ("usermod --shell /bin/sh gatepost", "usermod --shell"),
        (
            "echo 'x =' >> /etc/gatepost/gatepost.toml",
            "TOML parse error at line",
        ),
    ];
    let seen = "stat -c '%U %a %s %N' /etc/gatepost/* /var/lib/gatepost \
        /var/lib/gatepost/gatepost.db; getent passwd gatepost";
    for (harm, told) in cases {
        stage.shell("cp -a /etc/gatepost /mnt/kept && cp -a /var/lib/gatepost /mnt/store && cp /etc/passwd /mnt/passwd").exits(0);
        stage.shell(harm).exits(0);
        let before = stage.shell(seen).out;
        stage
            .gatepost(&["setup"])
            .exits(1)
            .says("FAILED")
            .says(told)
            .tells("run gatepost setup again");
        assert_eq!(stage.shell(seen).out, before, "{harm}");
        stage.shell("rm -rf /etc/gatepost /var/lib/gatepost /root-key && mv /mnt/kept /etc/gatepost && mv /mnt/store /var/lib/gatepost && cp /mnt/passwd /etc/passwd").exits(0);
    }
    stage.gatepost(&["setup"]).exits(0);
}

// Mutants: database() makes what is lost; an empty file counts as a store; --new-store is not heard.
#[test]
fn a_lost_store_is_not_made_anew_unasked() {
    let Some(stage) = Stage::installed("a_lost_store_is_not_made_anew_unasked") else {
        return;
    };
    let store = "/var/lib/gatepost/gatepost.db";
    for lose in [
        format!("rm {store}*"),
        "rm -r /var/lib/gatepost".to_owned(),
        format!("rm {store}*; install -m 600 /dev/null {store}"),
        // The key alone says that there was one.
        format!("rm {store}* /etc/gatepost/gatepost.toml"),
    ] {
        stage
            .shell("cp -a /var/lib/gatepost /mnt/kept && cp -a /etc/gatepost/gatepost.toml /mnt/")
            .exits(0);
        stage.shell(&lose).exits(0);
        let told = stage.gatepost(&["setup"]);
        assert!([1, 3].contains(&told.code), "{told}");
        told.says("restore it from a backup").says("--new-store");
        stage.shell(&format!("test ! -s {store}")).exits(0);
        stage.gatepost(&["user", "list"]).exits(1);
        stage
            .shell(
                "rm -rf /var/lib/gatepost && mv /mnt/kept /var/lib/gatepost \
                 && mv /mnt/gatepost.toml /etc/gatepost/",
            )
            .exits(0);
        stage.gatepost(&["setup"]).exits(0);
    }
    stage.shell(&format!("rm {store}*")).exits(0);
    stage
        .gatepost(&["setup", "--new-store"])
        .exits(0)
        .says("created");
    stage.gatepost(&["user", "list"]).exits(0);
    // Nobody asks again for what is there.
    stage.gatepost(&["setup", "--new-store"]).exits(0);
}

#[test]
fn a_setup_that_can_do_some_of_it_says_so() {
    let Some(stage) = Stage::open("a_setup_that_can_do_some_of_it_says_so") else {
        return;
    };
    stage.shell("rm /usr/sbin/useradd").exits(0);
    stage
        .gatepost(&["setup"])
        .exits(3)
        .says("there is no useradd here");
    assert_eq!(stage.shell(LOOK).exits(0).out, MADE);
}

// Mutant: the store's place in the configuration is not asked.
#[test]
fn another_configuration_may_put_the_store_elsewhere() {
    let Some(stage) = Stage::open("another_configuration_may_put_the_store_elsewhere") else {
        return;
    };
    stage.shell("mkdir -m 755 /etc/other").exits(0);
    let text =
        format!("{CONFIG}[store]\npath = \"/var/lib/other/a.db\"\nkey = \"/etc/other/key\"\n");
    stage.write("/etc/other/gatepost.toml", &text);
    let conf = "--conf=/etc/other/gatepost.toml";
    stage.gatepost(&["setup", conf]).exits(0);
    stage.gatepost(&["user", "list", conf]).exits(0);
    stage
        .shell("test -f /var/lib/other/a.db && test ! -e /var/lib/gatepost && test ! -e /etc/gatepost/key && test -d /etc/gatepost/templates")
        .exits(0);
}

const OLD_RULES: &str = "\n# Robots.\n[[rule]]\nusers = [\"alice\"]\naction = \"refuse\"\n";

// Mutants: setup rewrites the file before the store has the rules; it takes rules that differ; the copy is
// left out; a configuration with rules is read as one without.
#[test]
fn rules_of_an_older_configuration_move_into_the_store() {
    let Some(stage) = Stage::installed("rules_of_an_older_configuration_move_into_the_store")
    else {
        return;
    };
    let conf = "/etc/gatepost/gatepost.toml";
    stage.write(conf, &format!("{CONFIG}{OLD_RULES}"));
    stage
        .shell(&format!("chmod 640 {conf} && chgrp adm {conf}"))
        .exits(0);
    // Between the two: nobody is let in by a configuration whose rules nobody reads.
    stage
        .gatepost(&["policy", "show"])
        .exits(1)
        .tells("rules are in the store now, not here. Run gatepost setup");
    // As after an upgrade: a store that never had a version.
    stage.shell("rm /var/lib/gatepost/gatepost.db*").exits(0);
    stage
        .gatepost(&["setup", "--new-store"])
        .exits(0)
        .says("1 of them, from the configuration, are policy version 1 now");
    stage
        .gatepost(&["policy", "show", "--text"])
        .exits(0)
        .says("[[rule]]\nusers = [\"alice\"]\naction = \"refuse\"\n");
    let after = stage.shell(&format!("cat {conf}")).exits(0).out;
    assert_eq!(
        after,
        format!("{CONFIG}\n# Robots.\n#[[rule]]\n#users = [\"alice\"]\n#action = \"refuse\"\n")
    );
    let copy = format!("{conf}.with-rules");
    assert_eq!(
        stage.shell(&format!("cat {copy}")).out,
        format!("{CONFIG}{OLD_RULES}")
    );
    let modes = format!("stat -c '%U %G %a' {conf} {copy}");
    assert_eq!(stage.shell(&modes).out, "root adm 640\nroot adm 640\n");
    let again = stage.gatepost(&["setup"]).exits(0);
    assert!(!again.out.contains("migrated"), "{again}");
    // A setup that stopped between store and file goes on.
    stage.write(conf, &format!("{CONFIG}{OLD_RULES}"));
    stage
        .gatepost(&["setup"])
        .exits(0)
        .says("are comments here");
    assert_eq!(stage.shell(&format!("cat {conf}")).out, after);
    // Rules that are not those in force are not taken, and not lost.
    let others = OLD_RULES.replace("refuse", "skip");
    stage.write(conf, &format!("{CONFIG}{others}"));
    stage
        .gatepost(&["setup"])
        .exits(1)
        .says("are not the rules in force");
    assert_eq!(
        stage.shell(&format!("cat {conf}")).out,
        format!("{CONFIG}{others}")
    );
    stage.gatepost(&["why", "alice"]).exits(1);
}

// Mutant: setup takes no lock.
#[test]
fn two_setups_do_not_run_beside_each_other() {
    let Some(stage) = Stage::installed("two_setups_do_not_run_beside_each_other") else {
        return;
    };
    let folder = "/var/lib/gatepost";
    stage
        .shell(&format!(
            "rm {folder}/* && flock {folder} gatepost setup --new-store"
        ))
        .exits(1)
        .says("another gatepost is making files at this moment");
    assert_eq!(stage.shell(&format!("ls -A {folder}")).out, "");
    stage.gatepost(&["setup", "--new-store"]).exits(0);
}

// Mutant: the file is put in place whatever is there by then.
#[test]
fn what_is_edited_while_setup_runs_is_not_lost() {
    let test = "what_is_edited_while_setup_runs_is_not_lost";
    let Some(stage) = Stage::installed(test) else {
        return;
    };
    if !traces(test, &stage) {
        return;
    }
    let conf = "/etc/gatepost/gatepost.toml";
    stage.write(conf, &format!("{CONFIG}{OLD_RULES}"));
    stage.shell("rm /var/lib/gatepost/gatepost.db*").exits(0);
    // Its second chown is that of the new file, which then waits to be put in place.
    let line = format!(
        "strace -f -o /run/trace -e trace=fchownat -e inject=fchownat:delay_enter=3000000:when=2 \
         gatepost setup --new-store > /run/out & setup=$!
         for _ in $(seq 200); do
             test -e {conf}.with-rules -a -e {conf}.unfinished && break; sleep 0.1
         done
         echo '# By hand.' >> {conf}; wait $setup; code=$?; cat /run/out; exit $code"
    );
    stage
        .shell(&line)
        .exits(3)
        .says("it was changed meanwhile and is left as it is: run gatepost setup again");
    let edited = stage.shell(&format!("cat {conf}")).out;
    assert_eq!(edited, format!("{CONFIG}{OLD_RULES}# By hand.\n"));
    // The copy is of what was there before.
    stage
        .gatepost(&["setup"])
        .exits(1)
        .says("is there already and says something else");
    stage.shell(&format!("rm {conf}.with-rules")).exits(0);
    stage
        .gatepost(&["setup"])
        .exits(0)
        .says("are comments here");
    let last = stage.shell(&format!("tail -1 {conf}")).out;
    assert_eq!(last, "# By hand.\n");
}
