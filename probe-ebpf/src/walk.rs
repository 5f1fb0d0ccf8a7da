//! The paths of what runs and of the working directory: their names, read on the way up to the root
//! of all mounts, so that a process that has changed its root is told as the host sees it.
//!
//! What is done there is what `prepend_path` of fs/d_path.c does, without its locks: a directory that is
//! being renamed at that very moment may be told by either name.

use crate::globals as member;
use crate::maps::{Scratch, Walk};
use crate::read::{Kernel, Typed};
use probe_common::{
    exec_flag,
    limits::{NAME_MAX, WALK_ENOUGH, WALK_FIRST, WALK_NEXT, WALK_REST},
};

/// Bytes that both paths take at most; a name is read to within this and one name more.
const ROOM: u64 = 8192;
// A name and its NUL are taken last where there are less than WALK_ENOUGH bytes; the sum is masked.
const _: () = assert!(2 * (WALK_ENOUGH - 1 + NAME_MAX + 1) < ROOM as usize);

/// Whether a walk is over.
pub(crate) enum Walked {
    /// Both paths are there, or what could be had of them.
    Up,
    /// There is more above: [`on`] goes there, in a program of its own.
    PartOfTheWay,
}

/// Which path is walked, as [`Walk::path`] has it.
const EXE: u32 = 0;
const CWD: u32 = 1;

/// Walks up from a process's executable, if it is told, and from its working directory: their names
/// open the tail.
///
/// The first thing that a program does, since the verifier follows the loops anew for each state in
/// which they can be entered.
///
/// # Safety
/// `scratch` must be this program's own.
#[inline(always)]
pub(crate) unsafe fn paths(scratch: *mut Scratch, task: Typed, exe: bool) -> Walked {
    // SAFETY: names are copied to within ROOM and one name, and the tail has more.
    unsafe {
        let walk = &raw mut (*scratch).walk;
        let to = (&raw mut (*scratch).tail).cast::<u8>();
        (*scratch).fixed.exe_len = 0;
        if exe {
            let file = task.to(&member::TASK_MM).to(&member::MM_EXE_FILE);
            let path = file.inside(&member::FILE_PATH);
            note_removed(scratch, path);
            begin(walk, path, EXE, 0);
            up_to_the_mount(walk, to, path);
            if let Walked::PartOfTheWay = up::<WALK_NEXT>(walk, to) {
                return Walked::PartOfTheWay;
            }
            end(scratch);
        }
        let directory = task.to(&member::TASK_FS).inside(&member::FS_PWD);
        begin_directory(scratch, directory);
        up_to_the_mount(walk, to, directory);
        if let Walked::PartOfTheWay = up::<WALK_NEXT>(walk, to) {
            return Walked::PartOfTheWay;
        }
        end(scratch);
        Walked::Up
    }
}

/// Goes on where [`paths`], or this itself, has stopped; a path that has yet more above it is cut.
///
/// # Safety
/// `scratch` must be this program's own scratch space, walked part of the way.
#[inline(always)]
pub(crate) unsafe fn on(scratch: *mut Scratch, task: Typed) -> Walked {
    // SAFETY: as for `paths`.
    unsafe {
        let walk = &raw mut (*scratch).walk;
        let to = (&raw mut (*scratch).tail).cast::<u8>();
        up::<WALK_REST>(walk, to);
        end(scratch);
        if (&raw const (*walk).path).read_volatile() == CWD {
            return Walked::Up;
        }
        let directory = task.to(&member::TASK_FS).inside(&member::FS_PWD);
        begin_directory(scratch, directory);
        Walked::PartOfTheWay
    }
}

#[inline(always)]
unsafe fn begin_directory(scratch: *mut Scratch, directory: Typed) {
    // SAFETY: plain accesses to the caller's scratch space.
    unsafe {
        let before = (&raw const (*scratch).fixed.exe_len).read_volatile();
        begin(&raw mut (*scratch).walk, directory, CWD, before.into());
    }
}

/// Notes what was found of a path.
#[inline(always)]
unsafe fn end(scratch: *mut Scratch) {
    // SAFETY: plain accesses to the caller's scratch space.
    unsafe {
        let walk = (&raw const (*scratch).walk).read_volatile();
        let fixed = &raw mut (*scratch).fixed;
        if walk.path == EXE {
            (*fixed).flags |= exec_flag::EXE * walk.found;
            (*fixed).exe_len = walk.used as u16;
        } else {
            (*fixed).flags |= exec_flag::CWD * walk.found;
            (*fixed).cwd_len = walk.used as u16;
        }
    }
}

/// Returns the bytes of tail that both paths take, read back from memory for the verifier.
///
/// # Safety
/// `scratch` must be this program's own scratch space, walked.
#[inline(always)]
pub(crate) unsafe fn size(scratch: *mut Scratch) -> u64 {
    // SAFETY: plain reads of the caller's scratch space.
    unsafe {
        let exe = (&raw const (*scratch).fixed.exe_len).read_volatile();
        let cwd = (&raw const (*scratch).fixed.cwd_len).read_volatile();
        (u64::from(exe) + u64::from(cwd)) & (ROOM - 1)
    }
}

/// As the kernel's `d_unlinked`: what has left its directory is in no hash list any more.
#[inline(always)]
unsafe fn note_removed(scratch: *mut Scratch, path: Typed) {
    let dentry = path.to(&member::PATH_DENTRY);
    let parent = dentry.to(&member::DENTRY_PARENT);
    if dentry.plain().0 != parent.plain().0 && dentry.get::<u64>(&member::DENTRY_HASHED) == Some(0)
    {
        // SAFETY: a plain write to the caller's scratch space.
        unsafe { (*scratch).fixed.flags |= exec_flag::DELETED }
    }
}

#[inline(always)]
unsafe fn begin(walk: *mut Walk, from: Typed, path: u32, before: u64) {
    let mnt = from.to(&member::PATH_MNT);
    let root = mnt.to(&member::VFSMOUNT_ROOT);
    let dentry = from.to(&member::PATH_DENTRY);
    // SAFETY: plain writes to the caller's scratch space.
    unsafe {
        // Until a step says otherwise, there is more above than the steps allow.
        walk.write_volatile(Walk {
            dentry: dentry.plain().0,
            mnt: mnt.plain().0,
            root: root.plain().0,
            used: 0,
            before,
            found: FOUND | CUT,
            path,
        });
    }
}

/// Takes the first names up to the root of the mount, where the kernel allows it by pointers whose type the
/// verifier knows.
#[inline(always)]
unsafe fn up_to_the_mount(walk: *mut Walk, to: *mut u8, from: Typed) {
    if !Typed::is_direct() {
        return;
    }
    let root = from.to(&member::PATH_MNT).to(&member::VFSMOUNT_ROOT);
    let mut dentry = from.to(&member::PATH_DENTRY);
    // SAFETY: `to` has room for ROOM bytes and one name.
    unsafe {
        for _ in 0..WALK_FIRST {
            if dentry.plain().0 == root.plain().0 {
                break;
            }
            let used = (&raw const (*walk).used).read_volatile();
            if used >= WALK_ENOUGH as u64 {
                break;
            }
            let place = (used + (*walk).before) & (ROOM - 1);
            let name = Kernel(dentry.or_zero(&member::DENTRY_NAME));
            let len = name.copy_str(to.add(place as usize), NAME_MAX as u32 + 1);
            if len <= 0 {
                break;
            }
            (&raw mut (*walk).used).write_volatile(used + len as u64);
            let parent = dentry.to(&member::DENTRY_PARENT);
            if parent.plain().0 == dentry.plain().0 {
                // No root of a mount, and yet nothing is above it.
                (&raw mut (*walk).found).write_volatile(FOUND | PSEUDO);
                (&raw mut (*walk).mnt).write_volatile(0);
                break;
            }
            dentry = parent;
        }
        (&raw mut (*walk).dentry).write_volatile(dentry.plain().0);
    }
}

/// A path was found, as multiples of the flag that says so: that its beginning is cut, that it lies
/// in no directory.
const FOUND: u32 = 1;
const CUT: u32 = 2;
const PSEUDO: u32 = 4;
const _: () = assert!(
    exec_flag::EXE * CUT == exec_flag::EXE_CUT
        && exec_flag::EXE * PSEUDO == exec_flag::EXE_PSEUDO
        && exec_flag::CWD * CUT == exec_flag::CWD_CUT
        && exec_flag::CWD * PSEUDO == exec_flag::CWD_PSEUDO
);

/// Takes so many steps up.
#[inline(always)]
unsafe fn up<const STEPS: usize>(walk: *mut Walk, to: *mut u8) -> Walked {
    // SAFETY: as the caller says.
    unsafe {
        if (&raw const (*walk).mnt).read_volatile() == 0 {
            // There was no path, or it has come to its end.
            if (&raw const (*walk).found).read_volatile() & CUT != 0 {
                (&raw mut (*walk).found).write_volatile(0);
            }
            return Walked::Up;
        }
        for _ in 0..STEPS {
            let now = walk.read_volatile();
            if now.dentry == now.root {
                if !up_the_mount(walk, now) {
                    return Walked::Up;
                }
            } else if now.used >= WALK_ENOUGH as u64 || !up_the_directory(walk, now, to) {
                return Walked::Up;
            }
        }
    }
    Walked::PartOfTheWay
}

/// Takes a name and goes on above it; returns whether there is more.
#[inline(always)]
unsafe fn up_the_directory(walk: *mut Walk, now: Walk, to: *mut u8) -> bool {
    let (parent, name) = parent_and_name(Kernel(now.dentry));
    let place = (now.before + now.used) & (ROOM - 1);
    // SAFETY: `to` has room for ROOM bytes and one name.
    unsafe {
        let to = to.add(place as usize);
        let len = Kernel(name).copy_str(to, NAME_MAX as u32 + 1);
        if len <= 0 {
            return false;
        }
        let used = now.used + len as u64;
        (&raw mut (*walk).used).write_volatile(used);
        (&raw mut (*walk).dentry).write_volatile(parent);
        if parent == now.dentry {
            // No root of a mount, and yet nothing is above it.
            (&raw mut (*walk).found).write_volatile(FOUND | PSEUDO);
            return false;
        }
    }
    true
}

/// Goes on at the place where a mount is mounted; returns whether there is one.
#[inline(always)]
unsafe fn up_the_mount(walk: *mut Walk, now: Walk) -> bool {
    let offset = u64::from(member::MOUNT_MNT.get().unwrap_or(0));
    let mount = Kernel(now.mnt - offset);
    let parent = mount.to(&member::MOUNT_PARENT);
    // SAFETY: plain writes to the caller's scratch space.
    unsafe {
        if parent.0 == mount.0 {
            (&raw mut (*walk).found).write_volatile(FOUND);
            return false;
        }
        let mnt = Kernel(parent.0 + offset);
        (&raw mut (*walk).dentry).write_volatile(mount.to(&member::MOUNT_MOUNTPOINT).0);
        (&raw mut (*walk).mnt).write_volatile(mnt.0);
        (&raw mut (*walk).root).write_volatile(mnt.to(&member::VFSMOUNT_ROOT).0);
    }
    true
}

/// Reads a directory entry's parent and the address of its name: both at once where they stand as in
/// `struct dentry *d_parent; struct qstr { u64 hash_len; const unsigned char *name; } d_name;`.
#[inline(always)]
fn parent_and_name(dentry: Kernel) -> (u64, u64) {
    let (parent, name) = (member::DENTRY_PARENT.get(), member::DENTRY_NAME.get());
    if let (Some(parent), Some(name)) = (parent, name)
        && name == parent + 16
    {
        let [parent, _, name] = dentry.or_zero::<[u64; 3]>(&member::DENTRY_PARENT);
        return (parent, name);
    }
    (
        dentry.to(&member::DENTRY_PARENT).0,
        dentry.to(&member::DENTRY_NAME).0,
    )
}
