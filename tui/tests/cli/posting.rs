//! `gatepost mail queue`, `retry`, `health`, `template`.

use crate::stage::Stage;

// Mutants: one that is sent is listed, or tried again; a number that is none is passed over.
#[test]
fn notices_that_wait_are_listed_and_tried_again() {
    let Some(stage) = Stage::installed("notices_that_wait_are_listed_and_tried_again") else {
        return;
    };
    stage
        .gatepost(&["mail", "queue"])
        .exits(0)
        .tells("No notice waits");
    stage
        .gatepost(&["mail", "retry", "7"])
        .exits(5)
        .tells("no notice 7 waits");
    stage.gatepost(&["mail", "retry"]).exits(2);
    stage
        .gatepost(&["user", "add", "alice", "a@example.org", "--confirmed"])
        .exits(0);
    let detail =
        "{\\\"service\\\":\\\"sshd\\\",\\\"source\\\":\\\"x\\\",\\\"ending\\\":\\\"left\\\"}";
    let notices = format!(
        "sqlite3 /var/lib/gatepost/gatepost.db \"INSERT INTO outbox (id, account, \
         kind, detail, state, tries, due_store, created_wall, created_store) VALUES (1, 1, 'half-finished', '{detail}', 'failed', 5, 0, 0, 0), \
         (2, 1, 'half-finished', '{detail}', 'sent', 1, 0, 0, 0)\""
    );
    stage.shell(&notices).exits(0);
    let queue = stage.gatepost(&["--json", "mail", "queue"]).json();
    assert_eq!(queue["notices"].as_array().unwrap().len(), 1, "{queue}");
    assert_eq!(queue["notices"][0]["state"], "failed");
    stage
        .gatepost(&["mail", "retry", "2"])
        .exits(5)
        .tells("no notice 2 waits");
    // Nothing listens at the relay: it is due again, and was tried.
    stage
        .gatepost(&["mail", "retry", "1"])
        .exits(7)
        .says("1 notices are due; 0 were sent");
    let queue = stage.gatepost(&["--json", "mail", "queue"]).json();
    assert_eq!(
        (&queue["notices"][0]["state"], &queue["notices"][0]["tries"]),
        (&"due".into(), &1.into())
    );
    let health = stage.gatepost(&["--json", "mail", "health"]).json();
    assert_eq!(health["all"]["failed"], 1, "{health}");
    assert_eq!(health["domains"][0]["name"], "example.org");
    assert_eq!(health["relays"][0]["name"], "127.0.0.1:9");
    assert!(health["last_failure"]["reply"].is_string());
}

// Mutant: any file in the folder makes every template one's own.
#[test]
fn templates_are_listed_and_shown() {
    let Some(stage) = Stage::installed("templates_are_listed_and_shown") else {
        return;
    };
    stage.write(
        "/etc/gatepost/templates/test.subject",
        "Hello from {{ host }}",
    );
    let all = stage
        .gatepost(&["--json", "mail", "template", "list"])
        .json();
    let own = all["templates"].as_array().unwrap();
    assert_eq!(own.len(), 15);
    let of = |name: &str| own.iter().find(|one| one["name"] == name).unwrap()["own"].clone();
    assert_eq!(
        (of("test.subject"), of("code.txt")),
        (true.into(), false.into())
    );
    stage
        .gatepost(&["mail", "template", "show", "code.txt"])
        .exits(0)
        .says("{{ code }}");
    stage
        .gatepost(&["mail", "template", "show", "no.txt"])
        .exits(5);
    // There is no sender on this stage: that is told, not passed over.
    stage
        .gatepost(&["mail", "template", "check"])
        .exits(10)
        .says("PROBLEM");
    stage
        .gatepost(&["mail", "template", "preview", "code"])
        .exits(1)
        .tells("the sender cannot print it: ");
    for odd in ["../code.txt", "/etc/shadow", "nothing"] {
        stage
            .gatepost(&["mail", "template", "preview", odd])
            .exits(5)
            .tells("is no kind of message and no template");
        stage
            .gatepost(&["mail", "template", "edit", odd, "/dev/null"])
            .exits(5)
            .tells("is no template");
    }
    // What is not rendered is not put there.
    stage.write("/etc/text", "Hello");
    stage
        .gatepost(&["mail", "template", "edit", "test.txt", "/etc/text", "--yes"])
        .exits(1)
        .tells("the sender cannot print it: ");
    stage
        .shell("test ! -e /etc/gatepost/templates/test.txt")
        .exits(0);
    stage
        .gatepost(&["mail", "template", "edit", "test.txt", "--reset", "--yes"])
        .exits(5)
        .tells("there is no test.txt of your own");
    // Nobody can be asked, and there is no terminal for an editor.
    stage
        .gatepost(&["mail", "template", "edit", "test.txt"])
        .exits(2)
        .tells("an editor needs a terminal");
}
