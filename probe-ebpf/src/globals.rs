//! Constants of the running kernel, set by user space before load.

use aya_ebpf::Global;
use probe_common::{kernel_knobs, kernel_members, limits::NONE};

/// A member's offset within its struct.
#[repr(transparent)]
pub(crate) struct Offset(Global<u32>);

impl Offset {
    const fn new(value: u32) -> Self {
        Self(Global::new(value))
    }

    /// Returns the offset, unless this kernel lacks the member.
    #[inline(always)]
    pub(crate) fn get(&self) -> Option<u32> {
        let offset = self.0.load();
        if offset == NONE { None } else { Some(offset) }
    }
}

macro_rules! declare {
    ($($global:ident = $of:literal $path:literal, [$($fact:literal),*];)*) => {
        $(
            #[doc = concat!("Offset of `", $of, ".", $path, "`.")]
            #[unsafe(no_mangle)]
            pub(crate) static $global: Offset = Offset::new(NONE);
        )*
    };
}

kernel_members!(declare);

/// Its name says which record layout this object has.
#[unsafe(no_mangle)]
pub(crate) static EXECSNOOP_ABI_4: Global<u32> = Global::new(probe_common::ABI_VERSION);

const _: () = assert!(
    probe_common::ABI_VERSION == 4,
    "rename the symbol above too"
);

/// A number.
type Number = Global<u32>;

macro_rules! declare_knobs {
    ($($(#[$doc:meta])* $global:ident: $of:ident = $value:expr;)*) => {
        $(
            $(#[$doc])*
            #[unsafe(no_mangle)]
            pub(crate) static $global: $of = $of::new($value);
        )*
    };
}

kernel_knobs!(declare_knobs);
