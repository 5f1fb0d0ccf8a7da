//! What is too long for an exec record: sent before it, piece by piece.

use crate::globals::{CAPTURE_ENV, MAX_ARG_BYTES};
use crate::maps::{PIECES, Piece, Pieces, Scratch, Slot, send};
use crate::read::{Kernel, User};
use probe_common::{
    Area, Header, Kind, PartFixed, exec_flag,
    limits::{PART_MAX, PARTS_PER_ROUND},
};

const PAGE: u64 = 4096;
const MASK: u64 = PART_MAX as u64;
const _: () = assert!((PART_MAX + 1).is_power_of_two());

/// Makes an area of the new image the next to be sent, up to the budget.
///
/// # Safety
/// `scratch` must be this program's own.
#[inline(always)]
pub(crate) unsafe fn begin(scratch: *mut Scratch, area: Area, start: u64, size: u64) {
    let budget = u64::from(MAX_ARG_BYTES.load());
    // SAFETY: a plain write to the caller's scratch space.
    unsafe {
        (&raw mut (*scratch).pieces).write_volatile(Pieces {
            start,
            left: if size > budget { budget } else { size },
            sent: 0,
            area: area as u32,
            by_page: 0,
        });
    }
}

/// How a round of pieces ended.
pub(crate) enum Round {
    /// There is more to send.
    More,
    /// All that could be sent is.
    End,
}

/// Sends some pieces.
///
/// # Safety
/// `scratch` must be this program's own, of [`Slot::Exec`], with `pieces` begun.
#[inline(always)]
pub(crate) unsafe fn round(scratch: *mut Scratch) -> Round {
    let Some(piece) = PIECES.get_ptr_mut(Slot::Exec as u32) else {
        return Round::End;
    };
    for _ in 0..PARTS_PER_ROUND {
        // SAFETY: as the caller says.
        if let Round::End = unsafe { one(scratch, piece) } {
            return Round::End;
        }
    }
    Round::More
}

/// Notes what was sent, when no more rounds are allowed.
///
/// # Safety
/// As [`round`].
#[inline(always)]
pub(crate) unsafe fn give_up(scratch: *mut Scratch) {
    // SAFETY: plain accesses to the caller's scratch space.
    unsafe {
        let Pieces { sent, area, .. } = (*scratch).pieces;
        if area == Area::Args as u32 {
            (*scratch).fixed.args_len = sent as u32;
        } else {
            (*scratch).fixed.env_len = sent as u32;
        }
    }
}

/// Sends a piece; a page that cannot be read ends its area.
#[inline(always)]
unsafe fn one(scratch: *mut Scratch, piece: *mut Piece) -> Round {
    // SAFETY: `step` is at most PART_MAX, for which the piece has room.
    unsafe {
        let state = &raw mut (*scratch).pieces;
        let now = state.read_volatile();
        if now.left == 0 {
            return next_area(scratch, now.sent);
        }
        let most = if now.by_page == 0 {
            MASK
        } else {
            PAGE - (now.start & (PAGE - 1))
        };
        let step = crate::read::held(if now.left > most { most } else { now.left }, MASK);
        let to = (&raw mut (*piece).bytes).cast::<u8>();
        if !User(now.start).copy(to, step as u32) {
            if now.by_page == 0 {
                (&raw mut (*state).by_page).write_volatile(1);
            } else {
                (*scratch).fixed.flags |= if now.area == Area::Args as u32 {
                    exec_flag::ARGS_FAULT
                } else {
                    exec_flag::ENV_FAULT
                };
                (&raw mut (*state).left).write_volatile(0);
            }
            return Round::More;
        }
        if !emit(scratch, piece, now.area, now.sent, step) {
            (*scratch).fixed.flags |= exec_flag::PARTS_LOST;
            (&raw mut (*state).left).write_volatile(0);
            return Round::More;
        }
        (&raw mut (*state).start).write_volatile(now.start + step);
        (&raw mut (*state).left).write_volatile(now.left - step);
        (&raw mut (*state).sent).write_volatile(now.sent + step);
    }
    Round::More
}

/// Notes what was sent of an area, and begins the next one.
#[inline(always)]
unsafe fn next_area(scratch: *mut Scratch, sent: u64) -> Round {
    // SAFETY: plain accesses to the caller's scratch space.
    unsafe {
        let fixed = &raw mut (*scratch).fixed;
        if (*scratch).pieces.area != Area::Args as u32 {
            (*fixed).env_len = sent as u32;
            return Round::End;
        }
        (*fixed).args_len = sent as u32;
        if CAPTURE_ENV.load() == 0 {
            return Round::End;
        }
        let (start, size) = ((*scratch).env_start, u64::from((*fixed).env_size));
        begin(scratch, Area::Env, start, size);
    }
    Round::More
}

/// Sends arguments of a failed exec that were put together elsewhere; returns whether there was room.
///
/// # Safety
/// `scratch` must be this program's own.
#[inline(always)]
pub(crate) unsafe fn send_copied(
    scratch: *mut Scratch,
    from: *const u8,
    sent: u64,
    len: u64,
) -> bool {
    // SAFETY: a plain read of the caller's scratch space.
    let slot = unsafe { (&raw const (*scratch).header.slot).read_volatile() };
    let Some(piece) = PIECES.get_ptr_mut(slot.into()) else {
        return false;
    };
    // SAFETY: the mask holds `len` to the piece's room.
    unsafe {
        let to = (&raw mut (*piece).bytes).cast::<u8>();
        Kernel(from as u64).copy(to, (len & MASK) as u32)
            && emit(scratch, piece, Area::Args as u32, sent, len & MASK)
    }
}

#[inline(always)]
unsafe fn emit(scratch: *mut Scratch, piece: *mut Piece, area: u32, offset: u64, len: u64) -> bool {
    // SAFETY: `len` is at most PART_MAX, as the callers say.
    unsafe {
        let (from, to) = (&raw const (*scratch).header, &raw mut (*piece).header);
        for word in 0..size_of::<Header>() / 8 {
            // Volatile, or it becomes a call of a loop that copies bytes.
            let word_of = from.cast::<u64>().add(word).read_volatile();
            to.cast::<u64>().add(word).write_volatile(word_of);
        }
        (*piece).header.kind = Kind::Part as u8;
        (*piece).fixed = PartFixed {
            area,
            offset: offset as u32,
            len: len as u32,
            reserved: 0,
        };
        let fixed = core::mem::offset_of!(Piece, bytes) as u64;
        send(piece, fixed + (len & MASK))
    }
}
