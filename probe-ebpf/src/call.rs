//! A call of execve or execveat, as the registers at its end have it: they still are those at its
//! begin.

use crate::globals as member;
use crate::maps::Call;
use crate::read::Kernel;

pub(crate) const AT_FDCWD: i32 = -100;
pub(crate) const AT_EMPTY_PATH: u32 = 0x1000;
/// Since Linux 6.14.
pub(crate) const AT_EXECVE_CHECK: u32 = 0x10000;

/// Which of the calls it is.
#[derive(Clone, Copy)]
pub(crate) struct Which {
    /// `execveat(2)`.
    pub(crate) at: bool,
    /// Of a 32-bit program.
    pub(crate) narrow: bool,
}

/// Writes what a call was given. What this machine's registers lack is zero.
///
/// # Safety
/// `call` must be writable.
#[inline(always)]
pub(crate) unsafe fn from_registers(call: *mut Call, registers: Kernel, which: Which) {
    let [first, second, third, fifth] = if which.narrow {
        // A program of 64 bits that calls so may have more in them; the kernel does not look at it.
        [
            registers.or_zero::<u32>(&member::REGS32_FIRST).into(),
            registers.or_zero::<u32>(&member::REGS32_SECOND).into(),
            registers.or_zero::<u32>(&member::REGS32_THIRD).into(),
            registers.or_zero::<u32>(&member::REGS32_FIFTH).into(),
        ]
    } else {
        [
            registers.or_zero::<u64>(&member::REGS_FIRST),
            registers.or_zero(&member::REGS_SECOND),
            registers.or_zero(&member::REGS_THIRD),
            registers.or_zero(&member::REGS_FIFTH),
        ]
    };
    let (filename, argv) = if which.at {
        (second, third)
    } else {
        (first, second)
    };
    // SAFETY: plain writes, as the caller says.
    unsafe {
        (&raw mut (*call).filename).write_volatile(filename);
        (&raw mut (*call).argv).write_volatile(argv);
        let (dirfd, at_flags) = if which.at {
            (first as i32, fifth as u32)
        } else {
            (AT_FDCWD, 0)
        };
        (&raw mut (*call).dirfd).write_volatile(dirfd);
        (&raw mut (*call).at_flags).write_volatile(at_flags);
    }
}
