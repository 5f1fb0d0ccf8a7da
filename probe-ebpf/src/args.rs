//! Bounded copies of arguments into the tail of a record.

use crate::maps::{List, Scratch};
use crate::read::User;
use probe_common::{
    exec_flag,
    limits::{ARG_CHUNK, ARG_READS_PER_ROUND, ARGS_MAX},
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

/// How a round of reads ended.
pub(crate) enum Round {
    /// There are more arguments.
    More,
    /// All of them were read, or as many as could be.
    End,
}

/// Reads on in a list of pointers to arguments, as if they lay in one area; what is beyond
/// `ARGS_MAX` is measured only. `scratch.list` says how far it came.
///
/// The state of the loop lies in memory, where the verifier tracks no values: each iteration
/// looks the same to it.
///
/// # Safety
/// As [`copy_area`], with `ARG_CHUNK` more bytes of tail, and with `scratch.list` set.
#[inline(always)]
pub(crate) unsafe fn copy_round(scratch: *mut Scratch, at: u64) -> Round {
    // SAFETY: `at + ARGS_MAX + ARG_CHUNK` is within the tail, as the caller says.
    unsafe {
        let list = &raw mut (*scratch).list;
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(at as usize);
        for _ in 0..ARG_READS_PER_ROUND {
            match read_on(list, to) {
                Step::More => {}
                Step::End => return Round::End,
                Step::Fault => {
                    (*scratch).header.flags |= exec_flag::ARGS_FAULT;
                    return Round::End;
                }
            }
        }
        Round::More
    }
}

/// Returns how many bytes of the list were copied.
///
/// # Safety
/// `scratch` must be this program's own, with `scratch.list` set.
#[inline(always)]
pub(crate) unsafe fn copied(scratch: *mut Scratch) -> u64 {
    // SAFETY: a plain read of the caller's scratch space.
    let size = unsafe { (&raw const (*scratch).list.size).read_volatile() };
    if size > MASK { MASK } else { size & MASK }
}

enum Step {
    More,
    End,
    Fault,
}

#[inline(always)]
unsafe fn read_on(list: *mut List, to: *mut u8) -> Step {
    const CHUNK: u64 = ARG_CHUNK as u64;
    // SAFETY: as the caller of `copy_round` says.
    unsafe {
        let List {
            size,
            argc,
            inside,
            argv,
        } = list.read_volatile();
        if argv == 0 {
            return Step::End;
        }
        let Some(arg) = User(argv).pointer(argc) else {
            return Step::Fault;
        };
        if arg == 0 {
            return Step::End;
        }
        let place = if size > MASK { MASK } else { size & MASK };
        let read =
            User(arg.wrapping_add(inside)).copy_str(to.add(place as usize), ARG_CHUNK as u32);
        if read <= 0 {
            return Step::Fault;
        }
        // A string that fills the chunk goes on: the NUL at its end is the helper's.
        let (read, argc, inside) = if read as u64 >= CHUNK {
            (CHUNK - 1, argc, inside + CHUNK - 1)
        } else {
            (read as u64, argc + 1, 0)
        };
        list.write_volatile(List {
            size: size + read,
            argc,
            inside,
            argv,
        });
        Step::More
    }
}
