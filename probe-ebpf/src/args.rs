//! Bounded copies of arguments into the tail of a record.

use crate::maps::Scratch;
use crate::read::User;
use probe_common::{
    exec_flag,
    limits::{ARG_CHUNK, ARG_READS_MAX, ARGS_MAX},
};

const PAGE: u64 = 4096;
const MASK: u64 = ARGS_MAX as u64;
const _: () = assert!((ARGS_MAX + 1).is_power_of_two());

/// Copies the argument area of a new image; returns the bytes copied.
///
/// The kernel itself has just written that area, so one read does, unless a page was
/// already taken away: then it is read page by page up to the first that is not there.
///
/// # Safety
/// `scratch` must be this program's own, with at least `ARGS_MAX` bytes of tail after `at`.
#[inline(always)]
pub(crate) unsafe fn copy_area(scratch: *mut Scratch, at: u64, start: u64, size: u64) -> u64 {
    let want = if size > MASK { MASK } else { size } & MASK;
    // SAFETY: `at + want` is within the tail, as the caller says.
    unsafe {
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(at as usize);
        if User(start).copy(to, want as u32) {
            return want;
        }
        (*scratch).header.flags |= exec_flag::ARGS_FAULT;
        let mut done = 0_u64;
        for _ in 0..=(MASK / PAGE + 1) {
            let address = start + done;
            let to_page_end = PAGE - (address & (PAGE - 1));
            let left = want - done;
            let step = if left < to_page_end {
                left
            } else {
                to_page_end
            };
            if step == 0
                || done > MASK - PAGE
                || !User(address).copy(to.add(done as usize), (step & (2 * PAGE - 1)) as u32)
            {
                break;
            }
            done += step;
        }
        done & MASK
    }
}

/// What [`copy_list`] found.
pub(crate) struct List {
    /// Bytes copied.
    pub(crate) len: u64,
    /// Bytes of all arguments, NULs included.
    pub(crate) size: u64,
    /// Number of arguments.
    pub(crate) argc: u32,
}

/// Copies the arguments that a list of pointers names, as one area; the rest is measured.
///
/// # Safety
/// As [`copy_area`], with `ARG_CHUNK` more bytes of tail.
#[inline(always)]
pub(crate) unsafe fn copy_list(scratch: *mut Scratch, at: u64, argv: u64) -> List {
    let (mut size, mut argc, mut inside) = (0_u64, 0_u32, 0_u64);
    let mut whole = argv == 0;
    // SAFETY: `at + ARGS_MAX + ARG_CHUNK` is within the tail, as the caller says.
    unsafe {
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(at as usize);
        for _ in 0..ARG_READS_MAX {
            if argv == 0 {
                break;
            }
            let Some(arg) = User(argv).pointer(u64::from(argc)) else {
                (*scratch).header.flags |= exec_flag::ARGS_FAULT;
                whole = true;
                break;
            };
            if arg == 0 {
                whole = true;
                break;
            }
            let place = if size > MASK { MASK } else { size } & MASK;
            let read = User(arg + inside).copy_str(to.add(place as usize), ARG_CHUNK as u32);
            if read <= 0 {
                (*scratch).header.flags |= exec_flag::ARGS_FAULT;
                whole = true;
                break;
            }
            if read as u64 >= ARG_CHUNK as u64 {
                // The string goes on; its NUL is not in what was read.
                size += ARG_CHUNK as u64 - 1;
                inside += ARG_CHUNK as u64 - 1;
            } else {
                size += read as u64;
                argc += 1;
                inside = 0;
            }
        }
        if !whole {
            (*scratch).header.flags |= exec_flag::ARGC_CUT;
        }
    }
    List {
        len: if size > MASK { MASK } else { size } & MASK,
        size,
        argc,
    }
}
