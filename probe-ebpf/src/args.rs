//! The arguments of a failed exec: a list of pointers, read as if it were one area.

use crate::globals::MAX_ARG_BYTES;
use crate::maps::{List, Scratch};
use crate::parts;
use crate::read::User;
use probe_common::{
    exec_flag,
    limits::{ARG_CHUNK, ARG_READS_PER_ROUND, ARGS_INLINE},
};

const MASK: u64 = ARGS_INLINE as u64;
const CHUNK: u64 = ARG_CHUNK as u64;
const _: () = assert!((ARGS_INLINE + 1).is_power_of_two());

/// Begins at a list of pointers; `scratch.list.narrow` is 1 if they are of 32 bits.
///
/// # Safety
/// `scratch` must be this program's own.
#[inline(always)]
pub(crate) unsafe fn begin(scratch: *mut Scratch, argv: u64) {
    // SAFETY: plain writes to the caller's scratch space.
    unsafe {
        let list = &raw mut (*scratch).list;
        (&raw mut (*list).argv).write_volatile(argv);
        (&raw mut (*list).sent).write_volatile(0);
        (&raw mut (*list).closed).write_volatile(0);
        advance(list, 0, 0, 0);
    }
}

/// How a round of reads ended.
pub(crate) enum Round {
    /// There are more arguments.
    More,
    /// All of them were read, or as many as could be.
    End,
}

/// Reads on in the list; `scratch.list` says how far it came. What fills the place in the record is
/// sent as a part, up to the budget; what is beyond is measured only.
///
/// The state of the loop lies in memory, where the verifier tracks no values: each iteration
/// looks the same to it.
///
/// # Safety
/// `scratch` must be this program's own, with `ARGS_INLINE + ARG_CHUNK` bytes of tail after `at`,
/// and with `scratch.list` set.
#[inline(always)]
pub(crate) unsafe fn copy_round(scratch: *mut Scratch, at: u64) -> Round {
    // SAFETY: as the caller says.
    unsafe {
        let to = (&raw mut (*scratch).tail).cast::<u8>().add(at as usize);
        for _ in 0..ARG_READS_PER_ROUND {
            if let Round::End = read_on(scratch, to) {
                return Round::End;
            }
        }
        Round::More
    }
}

/// Sends what is left over if something was sent before; returns the bytes that stand in the record.
///
/// # Safety
/// As [`copy_round`].
#[inline(always)]
pub(crate) unsafe fn finish(scratch: *mut Scratch, at: u64) -> u64 {
    // SAFETY: as the caller says.
    unsafe {
        let list = &raw mut (*scratch).list;
        let now = list.read_volatile();
        (*scratch).fixed.argc = now.argc as u32;
        (*scratch).fixed.args_size = now.size as u32;
        if now.sent != 0 || now.closed != 0 {
            if now.closed == 0 {
                let from = (&raw const (*scratch).tail).cast::<u8>().add(at as usize);
                flush(scratch, from, now.size);
            }
            (*scratch).fixed.flags |= exec_flag::ARGS_IN_PARTS;
            (*scratch).fixed.args_len = (&raw const (*list).sent).read_volatile() as u32;
            return 0;
        }
        let budget = u64::from(MAX_ARG_BYTES.load());
        let len = if now.size > budget { budget } else { now.size };
        let len = if len > MASK { MASK } else { len & MASK };
        (*scratch).fixed.args_len = len as u32;
        len
    }
}

/// Sends what was read since the last time; `size` is where it ends.
#[inline(always)]
unsafe fn flush(scratch: *mut Scratch, from: *const u8, size: u64) {
    // SAFETY: `from` has what was read, which is less than a part's most.
    unsafe {
        let list = &raw mut (*scratch).list;
        let sent = (&raw const (*list).sent).read_volatile();
        let budget = u64::from(MAX_ARG_BYTES.load());
        let end = if size > budget { budget } else { size };
        let len = end - sent;
        if len != 0 && !parts::send_copied(scratch, from, sent, len) {
            (*scratch).fixed.flags |= exec_flag::PARTS_LOST;
            (&raw mut (*list).closed).write_volatile(1);
            return;
        }
        (&raw mut (*list).sent).write_volatile(end);
        if size >= budget {
            (&raw mut (*list).closed).write_volatile(1);
        }
    }
}

#[inline(always)]
unsafe fn read_on(scratch: *mut Scratch, to: *mut u8) -> Round {
    // SAFETY: as the caller of `copy_round` says.
    unsafe {
        let list = &raw mut (*scratch).list;
        let List {
            size,
            sent,
            argc,
            inside,
            argv,
            closed,
            narrow,
        } = list.read_volatile();
        if argv == 0 {
            return Round::End;
        }
        let Some(arg) = User(argv).pointer(argc, narrow != 0) else {
            (*scratch).fixed.flags |= exec_flag::ARGS_FAULT;
            return Round::End;
        };
        if arg == 0 {
            return Round::End;
        }
        let place = if closed == 0 { size - sent } else { 0 } & MASK;
        let here = to.add(place as usize);
        let read = User(arg.wrapping_add(inside)).copy_str(here, ARG_CHUNK as u32);
        if read <= 0 {
            if argc > 63 {
                (*scratch).fixed.flags |= exec_flag::ARGS_FAULT;
                return Round::End;
            }
            note_hole(scratch, argc, inside);
            here.write(0);
            advance(list, size + 1, argc + 1, 0);
        } else if read as u64 >= CHUNK {
            // A string that fills the chunk goes on: the NUL at its end is the helper's.
            advance(list, size + CHUNK - 1, argc, inside + CHUNK - 1);
        } else {
            advance(list, size + read as u64, argc + 1, 0);
        }
        let size = (&raw const (*list).size).read_volatile();
        if closed == 0 && size - sent > MASK {
            flush(scratch, to, size);
        }
    }
    Round::More
}

/// Notes how far the list was read: in memory, so that all ways come together again.
#[inline(always)]
unsafe fn advance(list: *mut List, size: u64, argc: u64, inside: u64) {
    // SAFETY: plain writes to the caller's scratch space.
    unsafe {
        (&raw mut (*list).size).write_volatile(size);
        (&raw mut (*list).argc).write_volatile(argc);
        (&raw mut (*list).inside).write_volatile(inside);
    }
}

/// Notes that an argument could not be read; those after it may be. One of which `inside` bytes were read
/// is told that far.
#[inline(always)]
unsafe fn note_hole(scratch: *mut Scratch, argument: u64, inside: u64) {
    // SAFETY: plain accesses to the caller's scratch space.
    unsafe {
        (*scratch).fixed.flags |= exec_flag::ARGS_FAULT;
        let hole = u64::from(inside == 0) << (argument & 63);
        let holes = &raw mut (*scratch).holes;
        holes.write_volatile(holes.read_volatile() | hole);
    }
}
