//! A private view of the machine: overlays on what tests write to in a mount namespace that a waiting
//! process holds open, and that goes when it goes.

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// What holds the namespace, once everything is mounted.
const HOLD: &str = r#"
mount -t tmpfs none /mnt || exit 1
for d in etc usr var root home; do
    mkdir /mnt/$d /mnt/$d.work && chmod --reference=/$d /mnt/$d &&
    mount -t overlay overlay -o lowerdir=/$d,upperdir=/mnt/$d,workdir=/mnt/$d.work /$d || exit 1
done
mount -t tmpfs -o mode=0755 none /run || exit 1
cp "$1" /usr/bin/gatepost && chmod 0755 /usr/bin/gatepost || exit 1
useradd --uid 31234 --no-create-home alice || exit 1
echo ready
read end_of_test
"#;

/// A configuration that can be used, though nothing answers at its relay.
pub(crate) const CONFIG: &str = "[mail]\nfrom = \"gatepost@example.org\"\n[[relay]]\n\
    host = \"127.0.0.1\"\nport = 9\ntls = \"loopback-plaintext\"\n";

/// Where the store is.
const STORE: &str = "/var/lib/gatepost/gatepost.db";

/// The private view.
pub(crate) struct Stage {
    holder: Child,
}

/// How a command ended.
pub(crate) struct Ended {
    what: String,
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Says that a test was not run, past libtest's capture: nobody may take it for a pass.
pub(crate) fn skip(test: &str, why: &str) {
    let line = format!("SKIPPED {test}: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

impl Stage {
    /// Opens a view; none, having said why, where that cannot be.
    pub(crate) fn open(test: &str) -> Option<Self> {
        if !gatepost_shared::admin::is_root() {
            skip(test, "needs root");
            return None;
        }
        // As a service has it: whoever runs the tests may have no role here. Where that cannot be
        // changed, they need one.
        let _kept = std::fs::write("/proc/self/loginuid", u32::MAX.to_string());
        let mut holder = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", HOLD])
            .args(["sh", env!("CARGO_BIN_EXE_gatepost")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut out = BufReader::new(holder.stdout.take().unwrap());
        while out.read_line(&mut said).unwrap() > 0 && !said.ends_with("ready\n") {}
        if !said.ends_with("ready\n") {
            holder.wait().unwrap();
            skip(test, "no private mounts: needs CAP_SYS_ADMIN and overlayfs");
            return None;
        }
        Some(Self { holder })
    }

    /// A view with an installation that is set up and configured.
    pub(crate) fn installed(test: &str) -> Option<Self> {
        let stage = Self::open(test)?;
        stage.gatepost(&["setup"]).exits(0);
        stage.write("/etc/gatepost/gatepost.toml", CONFIG);
        Some(stage)
    }

    /// Runs any program on the stage.
    pub(crate) fn run(&self, program: &[&str]) -> Ended {
        let output = Command::new("nsenter")
            .arg(format!("--mount=/proc/{}/ns/mnt", self.holder.id()))
            .arg("--")
            .args(program)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ended {
            what: program.join(" "),
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs the program as root. Whichever test this is for: a code that not every command ends with must
    /// be told of this one.
    #[track_caller]
    pub(crate) fn gatepost(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(&[&["gatepost"], arguments].concat());
        if [3, 7, 8, 10].contains(&ended.code) {
            let page = page_of(arguments);
            let text = manual(&[&page]);
            let (_, status) = text.split_once(".SH \"EXIT STATUS\"").unwrap_or_default();
            let line = format!("\n  {:<3} ", ended.code);
            assert!(status.contains(&line), "{page} does not tell:\n{ended}");
        }
        ended
    }

    /// Runs a line of shell.
    pub(crate) fn shell(&self, line: &str) -> Ended {
        self.run(&["sh", "-c", line])
    }

    /// Puts rules in force, to stay; exit code and output.
    pub(crate) fn rules(&self, text: &str) -> Ended {
        self.write("/etc/rules.toml", text);
        self.gatepost(&[
            "policy",
            "apply",
            "/etc/rules.toml",
            "--yes",
            "--reason",
            "T-1",
        ])
        .exits(0)
    }

    /// Changes rows of the store, as somebody with root can.
    pub(crate) fn change(&self, rows: &str) {
        self.shell(&format!("sqlite3 {STORE} \"UPDATE {rows}\""))
            .exits(0);
    }

    /// Takes rows out of the store.
    pub(crate) fn delete(&self, rows: &str) {
        self.shell(&format!("sqlite3 {STORE} \"DELETE FROM {rows}\""))
            .exits(0);
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let script = "printf %s \"$1\" > \"$2\"";
        self.run(&["sh", "-c", script, "sh", text, path]).exits(0);
    }
}

/// What `gatepost man` prints.
fn manual(words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
    let output = command.arg("man").args(words).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The manual page of the command among these words: the longest name that there is, from the first word
/// on that begins one.
fn page_of(arguments: &[&str]) -> String {
    static PAGES: OnceLock<String> = OnceLock::new();
    let pages = PAGES.get_or_init(|| manual(&["--list"]));
    let ends = (0..arguments.len()).flat_map(|from| {
        let ends = (from + 1..=arguments.len()).rev();
        ends.map(move |to| (from, to))
    });
    let words = ends.filter_map(|(from, to)| arguments.get(from..to));
    let mut names = words.map(|words| format!("gatepost-{}", words.join("-")));
    let name = names.find(|name| pages.lines().any(|page| page == name));
    name.unwrap_or_else(|| panic!("no command in {arguments:?}"))
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Its input ends, and so does it; the mounts go with the last process in the namespace.
        drop(self.holder.stdin.take());
        let _gone = self.holder.wait();
    }
}

impl Ended {
    /// Insists on an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Insists that the output has a text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.out.contains(text), "no {text:?} in\n{self}");
        self
    }

    /// Insists that the words beside the output have a text.
    #[track_caller]
    pub(crate) fn tells(self, text: &str) -> Self {
        assert!(self.err.contains(text), "no {text:?} in\n{self}");
        self
    }

    /// The output as one JSON document of the schema that is promised.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        let document: serde_json::Value =
            serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in\n{self}"));
        assert_eq!(document.get("schema"), Some(&1.into()), "{self}");
        document
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            code,
            out,
            err,
        } = self;
        write!(f, "$ {what}\n{out}--- stderr\n{err}--- exit {code}")
    }
}
