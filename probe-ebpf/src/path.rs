//! The path of an exec, as passed, in the tail of its record.

use crate::maps::Scratch;
use probe_common::{exec_flag, limits::FILENAME_MAX};

/// Takes note of a path that was copied; returns its bytes without the NUL.
///
/// `copied` is what the helper returned: its length with the NUL, or a negative errno; `next` reads the byte
/// behind what is copied at most, which is a NUL unless there is more.
///
/// # Safety
/// `scratch` must be this program's own scratch space.
#[inline(always)]
pub(crate) unsafe fn note(
    scratch: *mut Scratch,
    copied: i64,
    next: impl FnOnce() -> Option<u8>,
) -> u64 {
    // SAFETY: plain accesses to the caller's scratch space.
    unsafe {
        let len = if copied > 0 { copied - 1 } else { 0 };
        if copied <= 0 {
            (*scratch).fixed.flags |= exec_flag::FILENAME_FAULT;
        } else if len as usize == FILENAME_MAX && next() != Some(0) {
            (*scratch).fixed.flags |= exec_flag::FILENAME_CUT;
        }
        (*scratch).fixed.filename_len = len as u16;
        size(scratch)
    }
}

/// Returns the bytes of tail that the path takes.
///
/// Read back from memory, so that the verifier sees one unknown length and not one path for each
/// case.
///
/// # Safety
/// `scratch` must be this program's own scratch space, with the path noted.
#[inline(always)]
pub(crate) unsafe fn size(scratch: *mut Scratch) -> u64 {
    // SAFETY: a plain read of the caller's scratch space.
    let len = unsafe { (&raw const (*scratch).fixed.filename_len).read_volatile() };
    u64::from(len) & FILENAME_MAX as u64
}
