//! Bounded copies of arguments into the tail of a record.

use crate::maps::{List, Scratch};
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

/// Copies the arguments that a list of pointers names, as one area; the rest is measured.
/// Returns the bytes copied; `scratch.list` has the size and the number.
///
/// The state of the loop lies in memory, where the verifier tracks no values: each
/// iteration looks the same to it, and is verified once for each count.
///
/// # Safety
/// As [`copy_area`], with `ARG_CHUNK` more bytes of tail.
#[inline(always)]
pub(crate) unsafe fn copy_list(scratch: *mut Scratch, at: u64, argv: u64) -> u64 {
    // SAFETY: `at + ARGS_MAX + ARG_CHUNK` is within the tail, as the caller says.
    unsafe {
        let list = &raw mut (*scratch).list;
        list.write_volatile(List::default());
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(at as usize);
        let mut end = exec_flag::ARGC_CUT;
        for _ in 0..ARG_READS_MAX {
            match read_on(list, to, argv) {
                Step::More => {}
                Step::End => {
                    end = 0;
                    break;
                }
                Step::Fault => {
                    end = exec_flag::ARGS_FAULT;
                    break;
                }
            }
        }
        (*scratch).header.flags |= end;
        let size = (&raw const (*list).size).read_volatile();
        if size > MASK { MASK } else { size & MASK }
    }
}

enum Step {
    More,
    End,
    Fault,
}

#[inline(always)]
unsafe fn read_on(list: *mut List, to: *mut u8, argv: u64) -> Step {
    const CHUNK: u64 = ARG_CHUNK as u64;
    // SAFETY: as the caller of `copy_list` says.
    unsafe {
        let List { size, argc, inside } = list.read_volatile();
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
        });
        Step::More
    }
}
