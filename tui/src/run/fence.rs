//! System calls that are refused once the probe is attached: what hostile bytes might make of this program could not
//! execute anything, look into other processes, reach the network, or type into the terminal for its user.
//!
//! Landlock is not used: until Linux 7 it holds for one thread only, and files are saved wherever the user wants them.

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::libc::{self, c_long};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

/// The crate `libc` lacks it on Arm with musl; the number is that of `asm-generic/unistd.h`.
#[cfg(target_arch = "aarch64")]
const SYS_KEXEC_FILE_LOAD: c_long = 294;
#[cfg(not(target_arch = "aarch64"))]
const SYS_KEXEC_FILE_LOAD: c_long = libc::SYS_kexec_file_load;

/// Refused whatever their arguments are.
const REFUSED: &[c_long] = &[
    // Programs and processes of one's own.
    libc::SYS_execve,
    libc::SYS_execveat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    // Those of others.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // Being asked for by others.
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    // Namespaces and mounts.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_chroot,
    libc::SYS_pivot_root,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    // The kernel and the machine.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    SYS_KEXEC_FILE_LOAD,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    // Where holes of the kernel were found more often than elsewhere.
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_personality,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
];

/// TIOCSTI and TIOCLINUX: what a terminal is told by them to have read, its shell would execute. Their types in `libc` differ
/// by C library.
const TYPED: [u64; 2] = [0x5412, 0x541c];

/// Puts the fence around all threads, and those they start; not where the kernel has no such filters.
///
/// # Errors
/// If the kernel refuses it.
pub(super) fn put_up() -> Result<()> {
    for filter in filters()? {
        match seccompiler::apply_filter_all_threads(&filter) {
            Ok(()) => {}
            Err(error) if is_unknown(&error) => return Ok(()),
            Err(error) => return Err(error).context("cannot give up system calls"),
        }
    }
    Ok(())
}

/// Returns whether the kernel has no filters of system calls.
fn is_unknown(error: &seccompiler::Error) -> bool {
    let (seccompiler::Error::Seccomp(error) | seccompiler::Error::Prctl(error)) = error else {
        return false;
    };
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::ENOSYS | Errno::EINVAL))
}

fn filters() -> Result<[BpfProgram; 2]> {
    let mut refused: BTreeMap<_, _> = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    refused.insert(
        libc::SYS_clone,
        vec![rule(0, has_no(libc::CLONE_THREAD), 0)?],
    );
    // Names of users may come by a socket of this machine.
    let local = u64::from(libc::AF_UNIX.unsigned_abs());
    refused.insert(libc::SYS_socket, vec![rule(0, SeccompCmpOp::Ne, local)?]);
    let typed = TYPED.map(|call| rule(1, SeccompCmpOp::Eq, call));
    refused.insert(libc::SYS_ioctl, typed.into_iter().collect::<Result<_>>()?);
    // Its arguments cannot be looked at: the C library takes `clone` when it is not there.
    let absent = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    Ok([
        compile(refused, Errno::EPERM)?,
        compile(absent, Errno::ENOSYS)?,
    ])
}

/// Returns a comparison that is equal to 0 where a flag is not set.
fn has_no(flag: libc::c_int) -> SeccompCmpOp {
    SeccompCmpOp::MaskedEq(u64::from(flag.unsigned_abs()))
}

/// Returns a rule about the lower half of one argument.
fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}

fn compile(calls: BTreeMap<c_long, Vec<SeccompRule>>, answer: Errno) -> Result<BpfProgram> {
    let errno = (answer as i32).unsigned_abs();
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let filter = SeccompFilter::new(
        calls,
        SeccompAction::Allow,
        SeccompAction::Errno(errno),
        arch,
    )?;
    Ok(filter.try_into()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::UnixStream;
    use std::process::Command;

    /// Runs what is given in a thread with the fence around it alone.
    fn fenced<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
        let thread = std::thread::spawn(|| {
            for filter in filters().unwrap() {
                seccompiler::apply_filter(&filter).unwrap();
            }
            run()
        });
        thread.join().unwrap()
    }

    #[test]
    fn nothing_can_be_executed() {
        Command::new("/bin/true").status().unwrap();
        let error = fenced(|| Command::new("/bin/true").status()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    }

    #[test]
    fn the_network_is_out_of_reach_and_the_machine_is_not() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = port.local_addr().unwrap();
        TcpStream::connect(at).unwrap();
        let error = fenced(move || TcpStream::connect(at)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        let error = fenced(|| UdpSocket::bind("127.0.0.1:0")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        fenced(UnixStream::pair).unwrap();
    }

    #[test]
    fn threads_can_be_started_and_have_it_too() {
        let error = fenced(|| {
            let thread = std::thread::spawn(|| Command::new("/bin/true").status());
            thread.join().unwrap()
        });
        assert_eq!(error.unwrap_err().kind(), ErrorKind::PermissionDenied);
    }

    #[test]
    fn no_namespace_can_be_left() {
        let leave = || nix::sched::unshare(nix::sched::CloneFlags::CLONE_FS);
        leave().unwrap();
        assert_eq!(fenced(leave), Err(Errno::EPERM));
    }
}
