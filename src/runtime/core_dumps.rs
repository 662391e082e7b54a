//! No dump of this process's memory is written, since keys are in it.

/// Sees to it that a crash leaves no memory behind. Programs that are started from here are not concerned on
/// Linux, where it ends with `exec`; elsewhere they inherit a limit of nothing, which they may lift.
pub fn off() {
    // Where it is refused, a dump is what the system wants.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    #[cfg(not(target_os = "linux"))]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let none = Rlimit { current: Some(0), ..getrlimit(Resource::Core) };
        let _ = setrlimit(Resource::Core, none);
    }
}
