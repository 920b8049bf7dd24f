//! The built shared object, in a real libpam, against a helper that plays a part.
//!
//! What the module does with each verdict and each fault of a helper. Not for logins: those are the
//! end-to-end tests', with the real helper.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "the rules for tests do not reach the functions that tests share"
)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What is typed, after `conf=` says what the helper plays, and what pamtester says at the end.
const CASES: [(&str, &str, &str); 15] = [
    ("/right", "12345678", GRANTED),
    ("/right", "87654321", "Authentication failure"),
    ("/ignore", "", GRANTED),
    ("/refuse", "", "Authentication failure"),
    ("/unasked", "12345678", UNAVAILABLE),
    ("/lost", "12345678", UNAVAILABLE),
    ("/gone", "12345678", UNAVAILABLE),
    ("/nonce", "12345678", UNAVAILABLE),
    ("/word", "12345678", UNAVAILABLE),
    ("/half", "12345678", UNAVAILABLE),
    ("/protocol", "12345678", UNAVAILABLE),
    ("/garbage", "12345678", UNAVAILABLE),
    ("/lingers", "12345678", GRANTED),
    ("/right nullok", "12345678", "System error"),
    ("right", "12345678", "System error"),
];

const GRANTED: &str = "successfully authenticated";
const UNAVAILABLE: &str = "Authentication service cannot retrieve authentication info";

#[test]
fn each_part_that_a_helper_can_play_has_its_end() {
    let Some(stage) = Stage::set("each_part_that_a_helper_can_play_has_its_end") else {
        return;
    };
    // All at once: libpam waits two seconds before it reports a failure.
    let running: Vec<Child> = CASES
        .iter()
        .enumerate()
        .map(|(number, (play, typed, _))| {
            let helper = stage.helper.display();
            let line = format!("conf={play} helper={helper}");
            stage.login(&format!("gatepost-{number}"), &line, typed)
        })
        .collect();
    for (child, (play, typed, expected)) in running.into_iter().zip(CASES) {
        let output = child.wait_with_output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert!(told.contains(expected), "{play} {typed:?}: {told}");
        assert_eq!(
            output.status.success(),
            expected == GRANTED,
            "{play}: {told}"
        );
    }
}

#[test]
fn a_helper_that_is_missing_or_not_to_be_trusted_is_a_refusal() {
    let Some(stage) = Stage::set("a_helper_that_is_missing_or_not_to_be_trusted_is_a_refusal")
    else {
        return;
    };
    let open = stage.place.join("open");
    fs::copy(&stage.helper, &open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    for (number, helper) in [stage.place.join("none"), open].iter().enumerate() {
        let line = format!("conf=/ignore helper={}", helper.display());
        let child = stage.login(&format!("gatepost-{number}"), &line, "");
        let output = child.wait_with_output().unwrap();
        assert!(!output.status.success(), "{output:?}");
    }
}

/// A folder that only root may write, with the helper and a folder for pam.d.
struct Stage {
    place: PathBuf,
    helper: PathBuf,
    module: PathBuf,
}

impl Stage {
    fn set(test: &str) -> Option<Self> {
        let missing = ["/usr/bin/pamtester", "/usr/bin/unshare", "/etc/pam.d"]
            .into_iter()
            .find(|path| !Path::new(path).exists());
        if let Some(path) = missing {
            println!("SKIPPED {test}: no {path}");
            return None;
        }
        let place = PathBuf::from(format!("/run/{test}-{}", std::process::id()));
        if let Err(error) = fs::create_dir(&place) {
            println!("SKIPPED {test}: {}: {error}", place.display());
            return None;
        }
        // Beside this test in target/PROFILE/deps, where cargo builds them for it.
        let own = std::env::current_exe().unwrap();
        let built = own.parent().unwrap();
        let stage = Self {
            helper: place.join("helper"),
            module: place.join("pam_gatepost.so"),
            place,
        };
        fs::copy(built.join("../examples/fake-helper"), &stage.helper).unwrap();
        fs::copy(built.join("libpam_gatepost.so"), &stage.module).unwrap();
        fs::create_dir(stage.place.join("pam.d")).unwrap();
        Some(stage)
    }

    /// Starts a login of root by this line, in a mount namespace where pam.d is the stage's.
    fn login(&self, service: &str, line: &str, typed: &str) -> Child {
        let pam_d = self.place.join("pam.d");
        let module = self.module.display();
        let stack = format!("auth required {module} {line}\nauth required pam_permit.so\n");
        fs::write(pam_d.join(service), stack).unwrap();
        let script = "mount --bind \"$1\" /etc/pam.d && exec pamtester \"$2\" root authenticate";
        #[expect(
            clippy::disallowed_methods,
            reason = "a test starts programs; the rule is for the product"
        )]
        let mut unshare = Command::new("/usr/bin/unshare");
        let mut child = unshare
            .args([
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                script,
                "sh",
            ])
            .arg(&pam_d)
            .arg(service)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Who is not asked reads nothing.
        let _unread = writeln!(stdin, "{typed}");
        child
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all(&self.place);
    }
}
