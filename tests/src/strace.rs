//! The helper under strace(1): its system calls listed, failed on demand, or ended by a kill.
//!
//! A stack names a wrapper as its helper; what strace does with the helper behind it is chosen for one
//! login after the other. Only the helper's own process is traced, unless an option says `-f`.

use crate::product::HELPER;
use crate::stack::Stack;
use crate::stage::Stage;

/// The wrapper's place on a stage.
const WRAPPER: &str = "/usr/libexec/rig/gatepost-helper";

/// Where strace writes.
const TRACE: &str = "/tmp/helper.trace";

/// Our line alone, its helper under strace.
pub fn stack() -> Stack {
    Stack::module(&format!("helper={WRAPPER}"))
}

impl Stage {
    /// Chooses strace's options for the helpers of [`stack`] from here on, e.g.
    /// `["-e", "inject=fdatasync:error=EIO:when=2"]`. The words stand in a shell script as they are.
    pub fn trace_helper(&self, options: &[&str]) {
        let words = options.join(" ");
        // The helper stays the module's own child: strace is the grandchild. -p: a shell that a
        // set-uid program starts would go back to being its user.
        let script = format!("#!/bin/sh -p\nexec /usr/bin/strace -D -o {TRACE} {words} {HELPER}\n");
        self.write_as(WRAPPER, &script, 0o755);
    }

    /// What strace wrote about the last helper.
    pub fn trace(&self) -> String {
        self.read(TRACE)
    }
}
