//! What `make uninstall` may take away: nothing that a login still needs. Nothing is built for this.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use super::root;

/// A folder that plays the machine, gone with the test.
struct Machine {
    folder: PathBuf,
}

const MODULE: &str = "usr/lib/security/pam_gatepost.so";

impl Machine {
    /// With an installed module, and with /etc/pam.d/sshd as given.
    fn with(name: &str, stack: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("gatepost-{name}-{}", std::process::id()));
        for (path, text) in [(MODULE, "module"), ("etc/pam.d/sshd", stack)] {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    fn uninstall(&self, more: &[&str]) -> Output {
        let mut make = Command::new("make");
        make.current_dir(root())
            .args(["uninstall", "PAMDIR=/usr/lib/security"])
            .arg(format!("DESTDIR={}", self.folder.display()))
            .args(more)
            // What an outer make says of itself is not for this one.
            .env_remove("MAKEFLAGS")
            .env_remove("MFLAGS");
        make.output().unwrap()
    }

    fn has_module(&self) -> bool {
        self.folder.join(MODULE).exists()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _kept = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_module_that_a_stack_names_is_not_uninstalled() {
    let machine = Machine::with("named", "auth required pam_gatepost.so\n");
    let refused = machine.uninstall(&[]);
    let told = String::from_utf8_lossy(&refused.stdout);
    assert!(!refused.status.success() && machine.has_module(), "{told}");
    assert!(told.contains("sshd:1:auth required"), "{told}");
    assert!(machine.uninstall(&["FORCE=1"]).status.success());
    assert!(!machine.has_module());
}

#[test]
fn a_module_that_no_stack_names_is_uninstalled() {
    let machine = Machine::with(
        "free",
        "# auth required pam_gatepost.so\nauth required a.so\n",
    );
    let done = machine.uninstall(&[]);
    assert!(done.status.success() && !machine.has_module(), "{done:?}");
    assert!(machine.folder.join("etc/pam.d/sshd").exists());
}
