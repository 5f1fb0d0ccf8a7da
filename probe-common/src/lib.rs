//! The records that the kernel probe writes and user space reads.
//!
//! Both sides compile this very file, so the layout is written once. Only plain
//! integers and byte arrays cross the boundary; sizes are asserted at compile
//! time; [`Record::decode`] is total: any bytes give a record or an error.
//!
//! Every record is a [`Header`], then a fixed part by [`Kind`], then a tail of
//! only the bytes it uses. Times are CLOCK_BOOTTIME nanoseconds.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod decode;
pub mod layout;
pub mod limits;
pub mod members;

pub use decode::{DecodeError, Exec, Part, Record};
pub use layout::{
    Ancestor, Area, CgroupPath, Counter, ExecFixed, ExitFixed, ForkFixed, Header, Kind, PartFixed,
    exec_flag, go_on, tracked,
};

/// Version of the record layout and of the globals.
///
/// The object carries it in the name of a symbol, [`ABI_SYMBOL`], and the loader refuses an
/// object without it: raise both numbers together.
pub const ABI_VERSION: u32 = 4;

/// The symbol by which an object says its [`ABI_VERSION`].
pub const ABI_SYMBOL: &str = "EXECSNOOP_ABI_4";
