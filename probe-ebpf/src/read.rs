//! Reads of kernel and user memory, none of which can fail the program.

use crate::globals::{ADDRESS_HIGH, DIRECT, MM_OWNER, Offset, TASK_COMM, TASK_MM};
use aya_ebpf::cty::c_void;
use aya_ebpf::helpers::generated::{
    bpf_get_current_task, bpf_get_current_task_btf, bpf_probe_read_kernel,
    bpf_probe_read_kernel_str, bpf_probe_read_user, bpf_probe_read_user_str,
};
use core::mem::MaybeUninit;
use probe_common::limits::COMM_LEN;

/// Plain values that any bytes make.
pub(crate) trait Plain: Copy {
    /// What zero bytes make.
    const ZERO: Self;
}

macro_rules! plain {
    ($($of:ty = $zero:expr),*) => {
        $(impl Plain for $of {
            const ZERO: Self = $zero;
        })*
    };
}

plain!(
    u8 = 0,
    u32 = 0,
    i32 = 0,
    u64 = 0,
    [u8; 16] = [0; 16],
    [u64; 3] = [0; 3],
    [u64; 4] = [0; 4]
);

/// A pointer whose type the verifier knows, since it was reached from the current task: its members are
/// loaded without a helper. What is loaded through a bad address is zero.
#[derive(Clone, Copy)]
pub(crate) struct Typed(u64);

impl Typed {
    /// Returns the current task.
    #[inline(always)]
    pub(crate) fn current() -> Self {
        // SAFETY: these helpers take no arguments and always succeed; the loader has looked whether the
        // first is there.
        Self(unsafe {
            if DIRECT.load() == 0 {
                bpf_get_current_task()
            } else {
                bpf_get_current_task_btf() as u64
            }
        })
    }

    /// Returns the current task right after its exec, as the owner of its new memory, which it has made itself.
    ///
    /// For each pointer that is loaded from [`Self::current`] newer kernels look for several names
    /// among all their types before they run a program: reached in this way, they do so once.
    #[inline(always)]
    pub(crate) fn executed() -> Self {
        if DIRECT.load() == 0 || MM_OWNER.get().is_none() {
            return Self::current();
        }
        Self::current().to(&TASK_MM).to(&MM_OWNER)
    }

    /// Returns whether members are loaded without a helper.
    #[inline(always)]
    pub(crate) fn is_direct() -> bool {
        DIRECT.load() != 0
    }

    /// Reads a number or a pointer; zero if this kernel lacks the member.
    #[inline(always)]
    pub(crate) fn or_zero<T: Plain>(self, member: &Offset) -> T {
        if DIRECT.load() == 0 {
            return self.plain().or_zero(member);
        }
        let Some(offset) = member.get() else {
            return T::ZERO;
        };
        // SAFETY: the verifier has checked that the member is there and of this size.
        unsafe { ((self.0 + u64::from(offset)) as *const T).read_volatile() }
    }

    /// Reads a number; `None` if this kernel lacks the member.
    #[inline(always)]
    pub(crate) fn get<T: Plain>(self, member: &Offset) -> Option<T> {
        member.get()?;
        Some(self.or_zero(member))
    }

    /// Follows a pointer; null if it is null, and so is what is followed from there.
    #[inline(always)]
    pub(crate) fn to(self, member: &Offset) -> Self {
        Self(self.or_zero(member))
    }

    /// Follows the pointer at an index of an array of them; null if it is null.
    #[inline(always)]
    pub(crate) fn nth(self, member: &Offset, index: u32) -> Self {
        let Some(at) = member.get() else {
            return Self(0);
        };
        let offset = at + index * size_of::<u64>() as u32;
        if DIRECT.load() == 0 {
            return Self(self.plain().at(offset).unwrap_or(0));
        }
        // SAFETY: the verifier has checked that the array is there and has as many pointers.
        Self(unsafe { ((self.0 + u64::from(offset)) as *const u64).read_volatile() })
    }

    /// Returns the name of a task.
    #[inline(always)]
    pub(crate) fn name(self) -> [u8; COMM_LEN] {
        if DIRECT.load() == 0 {
            return self.plain().or_zero(&TASK_COMM);
        }
        let at = self.0 + u64::from(TASK_COMM.get().unwrap_or(0));
        // SAFETY: the verifier has checked that the member is there and has as many bytes.
        unsafe {
            let half = |place| ((at + place) as *const u64).read_volatile();
            core::mem::transmute([half(0), half(8)])
        }
    }

    /// Returns the address of a member that is a struct itself.
    #[inline(always)]
    pub(crate) fn inside(self, member: &Offset) -> Self {
        Self(self.0 + u64::from(member.get().unwrap_or(0)))
    }

    /// Returns the same as a plain address.
    #[inline(always)]
    pub(crate) fn plain(self) -> Kernel {
        Kernel(self.0)
    }

    /// Returns whether it leads nowhere.
    #[inline(always)]
    pub(crate) fn is_null(self) -> bool {
        self.0 == 0
    }
}

/// An address in the kernel.
#[derive(Clone, Copy)]
pub(crate) struct Kernel(pub(crate) u64);

impl Kernel {
    /// Reads a member; `None` if this kernel lacks it or the address is bad.
    #[inline(always)]
    pub(crate) fn get<T: Plain>(self, member: &Offset) -> Option<T> {
        self.at(member.get()?)
    }

    /// Reads a member, or zero. For pointers and for what has no zero of its own: without a
    /// branch, it costs the verifier one path and not two.
    #[inline(always)]
    pub(crate) fn or_zero<T: Plain>(self, member: &Offset) -> T {
        let Some(offset) = member.get() else {
            return T::ZERO;
        };
        let mut value = MaybeUninit::<T>::uninit();
        let from = (self.0 + u64::from(offset)) as *const c_void;
        // SAFETY: the helper writes all of `value`, or zeroes it and fails; `T` is plain.
        unsafe {
            bpf_probe_read_kernel(value.as_mut_ptr().cast(), size_of::<T>() as u32, from);
            value.assume_init()
        }
    }

    /// Follows a pointer; null if it is null, and so is what is followed from there.
    #[inline(always)]
    pub(crate) fn to(self, member: &Offset) -> Self {
        Self(self.or_zero(member))
    }

    /// Follows a pointer; `None` if it is null too.
    #[inline(always)]
    pub(crate) fn follow(self, member: &Offset) -> Option<Self> {
        match self.get::<u64>(member)? {
            0 => None,
            address => Some(Self(address)),
        }
    }

    /// Reads what lies `offset` bytes on.
    #[inline(always)]
    pub(crate) fn at<T: Plain>(self, offset: u32) -> Option<T> {
        let mut value = MaybeUninit::<T>::uninit();
        let from = (self.0 + u64::from(offset)) as *const c_void;
        // SAFETY: the helper writes all of `value`, or zeroes it and fails; `T` is plain.
        unsafe {
            let failed =
                bpf_probe_read_kernel(value.as_mut_ptr().cast(), size_of::<T>() as u32, from);
            if failed == 0 {
                Some(value.assume_init())
            } else {
                None
            }
        }
    }

    /// Returns the address of a member; null stays null.
    #[inline(always)]
    pub(crate) fn inside(self, member: &Offset) -> Self {
        match (self.0, member.get()) {
            (0, _) | (_, None) => Self(0),
            (address, Some(offset)) => Self(address + u64::from(offset)),
        }
    }

    /// Copies bytes; returns whether they could be read.
    ///
    /// # Safety
    /// `size` bytes at `to` must be writable.
    #[inline(always)]
    pub(crate) unsafe fn copy(self, to: *mut u8, size: u32) -> bool {
        // SAFETY: as the caller says; the source is checked by the helper.
        unsafe { bpf_probe_read_kernel(to.cast(), size, self.0 as *const c_void) == 0 }
    }

    /// Copies a string and its NUL; returns the length with the NUL, or a negative errno.
    ///
    /// # Safety
    /// `size` bytes at `to` must be writable.
    #[inline(always)]
    pub(crate) unsafe fn copy_str(self, to: *mut u8, size: u32) -> i64 {
        // SAFETY: as the caller says; the source is checked by the helper.
        unsafe { bpf_probe_read_kernel_str(to.cast(), size, self.0 as *const c_void) as i64 }
    }
}

/// An address in the current process.
#[derive(Clone, Copy)]
pub(crate) struct User(pub(crate) u64);

impl User {
    /// Returns the address of the byte at `index`, without the program's tag.
    #[inline(always)]
    fn byte_at(self, index: u64) -> *const c_void {
        let address = u64::from(ADDRESS_HIGH.load()) << 32 | u64::from(u32::MAX);
        (self.0.wrapping_add(index) & address) as *const c_void
    }

    /// Reads the pointer at `index` in an array of them, of 64 bits or `narrow`.
    #[inline(always)]
    pub(crate) fn pointer(self, index: u64, narrow: bool) -> Option<u64> {
        let mut value = 0_u64;
        let width = if narrow { 4 } else { 8 };
        let from = self.byte_at(index * width);
        // SAFETY: the helper writes at most the eight bytes of `value`.
        let failed = unsafe { bpf_probe_read_user((&raw mut value).cast(), width as u32, from) };
        if failed == 0 { Some(value) } else { None }
    }

    /// Reads the byte at `index`.
    #[inline(always)]
    pub(crate) fn byte(self, index: u64) -> Option<u8> {
        let mut value = 0_u8;
        // SAFETY: one byte is writable.
        let read = unsafe { Self(self.0.wrapping_add(index)).copy(&raw mut value, 1) };
        read.then_some(value)
    }

    /// Copies bytes; returns whether all of them could be read.
    ///
    /// # Safety
    /// `size` bytes at `to` must be writable.
    #[inline(always)]
    pub(crate) unsafe fn copy(self, to: *mut u8, size: u32) -> bool {
        // SAFETY: as the caller says; the source is checked by the helper.
        unsafe { bpf_probe_read_user(to.cast(), size, self.byte_at(0)) == 0 }
    }

    /// Copies a string and its NUL; returns the length with the NUL, or a negative errno.
    ///
    /// # Safety
    /// `size` bytes at `to` must be writable.
    #[inline(always)]
    pub(crate) unsafe fn copy_str(self, to: *mut u8, size: u32) -> i64 {
        // SAFETY: as the caller says; the source is checked by the helper.
        unsafe {
            let len = bpf_probe_read_user_str(to.cast(), size, self.byte_at(0)) as i64;
            // Kernels up to 6.12 return 0 for an empty string.
            if len == 0 {
                to.write(0);
                1
            } else {
                len
            }
        }
    }
}

/// Holds a number to a mask, by an instruction that stays: kernels before 6.8 do not see the bound that
/// a comparison of two unknown numbers gives, and the compiler leaves out a mask that it finds needless.
#[inline(always)]
pub(crate) fn held(number: u64, mask: u64) -> u64 {
    // SAFETY: a read of a local number.
    unsafe { (&raw const number).read_volatile() & mask }
}
