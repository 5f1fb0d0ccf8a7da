//! The path of an exec, as passed, in the tail of its record.

use crate::maps::Scratch;
use probe_common::{exec_flag, limits::FILENAME_MAX};

/// Names of more than `FILENAME_MAX` bytes fail with this.
const ENAMETOOLONG: i32 = 36;

/// Takes note of a path that was copied; returns its bytes without the NUL.
///
/// `copied` is what the helper returned: its length with the NUL, or a negative errno.
///
/// # Safety
/// `scratch` must be this program's own scratch space, with `ret` set.
#[inline(always)]
pub(crate) unsafe fn note(scratch: *mut Scratch, copied: i64) -> u64 {
    // SAFETY: plain accesses to the caller's scratch space.
    unsafe {
        let len = if copied > 0 { copied - 1 } else { 0 };
        if copied <= 0 {
            (*scratch).header.flags |= exec_flag::FILENAME_FAULT;
        } else if (*scratch).fixed.ret == -ENAMETOOLONG {
            (*scratch).header.flags |= exec_flag::FILENAME_CUT;
        }
        (*scratch).fixed.filename_len = len as u16;
        // Read back, so that the verifier sees one unknown length and not one path for each case.
        let len = (&raw const (*scratch).fixed.filename_len).read_volatile();
        u64::from(len) & FILENAME_MAX as u64
    }
}
