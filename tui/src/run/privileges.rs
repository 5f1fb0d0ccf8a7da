//! Rights that are given up once the probe is attached: who made this program do something else would
//! have no more than the user who started it, and what two threads need.
//!
//! Capabilities belong to a thread and user ids, by the C library's doing, to the process.

use super::{fence, invoking_user};
use crate::cli::Config;
use anyhow::{Context, Result, anyhow};
use caps::{CapSet, Capability, CapsHashSet};
use nix::sys::prctl::{set_keepcaps, set_no_new_privs};
use nix::unistd::{
    Gid, Uid, User, getegid, geteuid, getgroups, initgroups, setfsgid, setfsuid, setgid, setgroups,
    setuid,
};
use std::ffi::CString;

/// What the thread that drains the ring keeps. Up to Linux 5.18 nobody may look into a map of programs without
/// the first; and with both, it can still attach what sees failed execs of 32-bit programs, once there are any.
const OF_PROBE: [Capability; 2] = [Capability::CAP_BPF, Capability::CAP_PERFMON];

/// What is still needed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kept {
    /// What a capture needs.
    Probe,
    /// Nothing at all.
    Nothing,
}

/// Gives up what the program needs no more, unless it is to stay: the calling thread, and the one thread that runs
/// spawned tasks.
///
/// # Errors
/// If the kernel refuses it. Then more may be left than wanted.
pub(super) async fn give_up(config: &Config, kept: Kept) -> Result<()> {
    if config.keep_privileges {
        return Ok(());
    }
    give_up_for(kept).await
}

/// As [`give_up`], where nobody can want them to be kept.
///
/// # Errors
/// As [`give_up`].
pub(super) async fn give_up_for(kept: Kept) -> Result<()> {
    give_up_all_but(kept)
        .await
        .context("cannot give up the rights that are needed no more: --keep-privileges keeps them")
}

async fn give_up_all_but(kept: Kept) -> Result<()> {
    let of_worker: &[Capability] = match kept {
        Kept::Probe => &OF_PROBE,
        Kept::Nothing => &[],
    };
    lower_limit()?;
    let worker = tokio::spawn(async move {
        lower_limit()?;
        become_invoking_user()?;
        keep(of_worker)
    });
    worker.await.context("the task was torn down")??;
    keep(&[])?;
    fence::put_up()
}

/// Gives up everything, in a thread that needs nothing and is there before [`give_up`].
///
/// # Errors
/// As [`give_up`].
pub(super) fn give_up_all_of_thread() -> Result<()> {
    set_no_new_privs().context("cannot give up new privileges")?;
    lower_limit()?;
    if invoking_user().is_some() {
        // It loses all when the process becomes that user. The C library ends a process of which one thread
        // may not become who another becomes.
        return Ok(());
    }
    keep(&[])
}

/// Becomes the user who called sudo, if one did: with him the process gets his groups, and nothing of it can be
/// looked into by another of his processes, since the kernel takes it for one that knows more than he.
fn become_invoking_user() -> Result<()> {
    let Some((uid, gid)) = invoking_user() else {
        return Ok(());
    };
    // Of this thread alone: the others lose all they have.
    set_keepcaps(true).context("cannot keep capabilities")?;
    become_user(Uid::from_raw(uid), Gid::from_raw(gid))?;
    set_keepcaps(false).context("cannot keep capabilities")
}

/// Becomes a user, with all groups; returns who that is, if there is an account.
///
/// # Errors
/// If the kernel refuses it, or the accounts cannot be read.
pub(super) fn become_user(uid: Uid, gid: Gid) -> Result<Option<User>> {
    let user = take_groups(uid, gid)?;
    setgid(gid).context("its group")?;
    setuid(uid).context("its id")?;
    Ok(user)
}

/// Takes the groups of a user; returns who that is, if there is an account.
fn take_groups(uid: Uid, gid: Gid) -> Result<Option<User>> {
    let user = User::from_uid(uid).context("its account")?;
    match &user {
        Some(user) => {
            initgroups(&CString::new(user.name.as_str())?, gid).context("its groups")?;
        }
        None => setgroups(&[gid]).context("its groups")?,
    }
    Ok(user)
}

/// Opens files before anything is given up, as if that were done: under sudo only where the invoking user may, or
/// whoever may call this program by sudo could put files of his anywhere. Root itself may do without that, unless
/// files are opened `again` later.
///
/// # Errors
/// Those of `open`; or if the rights cannot be lowered, or not be had back.
pub(super) fn with_those_of_later<T>(
    config: &Config,
    again: bool,
    open: impl FnOnce() -> Result<T>,
) -> Result<T> {
    match invoking_user() {
        _ if config.keep_privileges => open(),
        Some((uid, gid)) => as_user(Uid::from_raw(uid), Gid::from_raw(gid), open),
        None if again => without_capabilities(open),
        None => open(),
    }
}

/// Opens files as the user who called sudo, if one did, and else as this process may.
///
/// # Errors
/// Those of `open`; or if the rights cannot be lowered, or not be had back.
pub(super) fn as_invoking_user<T>(open: impl FnOnce() -> Result<T>) -> Result<T> {
    match invoking_user() {
        Some((uid, gid)) => as_user(Uid::from_raw(uid), Gid::from_raw(gid), open),
        None => open(),
    }
}

/// Opens files as a user would. Other threads have his groups meanwhile.
fn as_user<T>(uid: Uid, gid: Gid, open: impl FnOnce() -> Result<T>) -> Result<T> {
    let groups = getgroups().context("cannot read the groups")?;
    take_groups(uid, gid)?;
    setfsgid(gid);
    setfsuid(uid);
    // No user has this id: nothing is set, and the one that is set is told.
    let opened = match setfsuid(Uid::from_raw(u32::MAX)) == uid {
        true => open(),
        false => Err(anyhow!("the kernel does not let this become user {uid}")),
    };
    setfsuid(geteuid());
    setfsgid(getegid());
    setgroups(&groups).context("cannot take the groups back")?;
    opened
}

/// Opens files as the same user without any capability.
fn without_capabilities<T>(open: impl FnOnce() -> Result<T>) -> Result<T> {
    let has = caps::read(None, CapSet::Effective).context("cannot read capabilities")?;
    caps::set(None, CapSet::Effective, &CapsHashSet::new()).context("cannot lower capabilities")?;
    let opened = open();
    caps::set(None, CapSet::Effective, &has).context("cannot raise capabilities again")?;
    opened
}

/// Sees to it that no program gives the calling thread capabilities, if it may.
fn lower_limit() -> Result<()> {
    let may = caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP);
    if !may.context("cannot read capabilities")? {
        return Ok(());
    }
    for cap in caps::read(None, CapSet::Bounding).context("cannot read capabilities")? {
        caps::drop(None, CapSet::Bounding, cap)
            .context("cannot lower the limit of capabilities")?;
    }
    Ok(())
}

/// Leaves the calling thread these capabilities, as far as it has them, and no way to more.
fn keep(wanted: &[Capability]) -> Result<()> {
    let has = caps::read(None, CapSet::Permitted).context("cannot read capabilities")?;
    let kept: CapsHashSet = wanted
        .iter()
        .copied()
        .filter(|cap| has.contains(cap))
        .collect();
    let none = CapsHashSet::new();
    // Kernels that know no ambient ones are older than any that the probe runs on.
    caps::clear(None, CapSet::Ambient).context("cannot give up ambient capabilities")?;
    for (set, caps) in [
        (CapSet::Inheritable, &none),
        (CapSet::Effective, &none),
        (CapSet::Permitted, &kept),
        (CapSet::Effective, &kept),
    ] {
        caps::set(None, set, caps).context("cannot give up capabilities")?;
    }
    set_no_new_privs().context("cannot give up new privileges")
}
