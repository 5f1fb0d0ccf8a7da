//! The shapes of lines, key by key as the schema has them.

use super::text::{Text, Words, WrittenFlags};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Kind<'a> {
    #[serde(borrow)]
    pub(super) event: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct StartLine<'a> {
    pub(super) version: Option<u32>,
    pub(super) host: String,
    pub(super) kernel: String,
    pub(super) arch: String,
    #[serde(borrow)]
    pub(super) boot_time: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) time: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExecLine<'a> {
    #[serde(borrow)]
    pub(super) host: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) time: Option<Text<'a>>,
    pub(super) seq: u64,
    pub(super) pid: Option<u32>,
    pub(super) tid: Option<u32>,
    pub(super) ppid: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    #[serde(borrow)]
    pub(super) comm: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) parent_comm: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) filename: Option<Text<'a>>,
    pub(super) args: Option<Words>,
    pub(super) args_bytes: Option<u64>,
    pub(super) args_missing_bytes: Option<u64>,
    pub(super) argc: Option<u32>,
    pub(super) ret: i32,
    #[serde(borrow)]
    pub(super) exe: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) cwd: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) interpreter: Option<Text<'a>>,
    pub(super) euid: Option<u32>,
    pub(super) egid: Option<u32>,
    pub(super) old_euid: Option<u32>,
    pub(super) loginuid: Option<u32>,
    pub(super) session: Option<u32>,
    #[serde(borrow)]
    pub(super) tty: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) cgroup: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) container: Option<Text<'a>>,
    pub(super) pid_ns: Option<u32>,
    pub(super) ns_pid: Option<u32>,
    pub(super) mnt_ns: Option<u32>,
    pub(super) cpu: Option<u16>,
    pub(super) flags: WrittenFlags,
    pub(super) env: Option<Words>,
    pub(super) fork_to_exec_ns: Option<u64>,
    #[serde(borrow)]
    pub(super) ancestors: Option<Vec<AncestorLine<'a>>>,
    #[serde(borrow, deserialize_with = "raw")]
    pub(super) missing: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AncestorLine<'a> {
    pub(super) pid: u32,
    #[serde(borrow)]
    pub(super) comm: Text<'a>,
    pub(super) age_ns: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExitLine<'a> {
    #[serde(borrow)]
    pub(super) host: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) time: Option<Text<'a>>,
    pub(super) seq: u64,
    pub(super) pid: Option<u32>,
    pub(super) ppid: u32,
    #[serde(borrow)]
    pub(super) comm: Option<Text<'a>>,
    pub(super) exit_code: Option<u8>,
    #[serde(borrow)]
    pub(super) signal: Option<Text<'a>>,
    pub(super) core_dumped: bool,
    pub(super) duration_ns: Option<u64>,
    pub(super) lifetime_ns: Option<u64>,
    pub(super) user_ns: Option<u64>,
    pub(super) system_ns: Option<u64>,
    pub(super) max_rss_bytes: Option<u64>,
    #[serde(borrow, deserialize_with = "raw")]
    pub(super) missing: Option<&'a str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ForkLine<'a> {
    #[serde(borrow)]
    pub(super) host: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) time: Option<Text<'a>>,
    pub(super) seq: u64,
    pub(super) pid: Option<u32>,
    pub(super) ppid: u32,
    #[serde(borrow)]
    pub(super) comm: Option<Text<'a>>,
    pub(super) age_ns: Option<u64>,
    pub(super) parent_age_ns: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LostLine<'a> {
    #[serde(borrow)]
    pub(super) host: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) time: Option<Text<'a>>,
    pub(super) count: u64,
    pub(super) cpu: Option<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EndLine {
    pub(super) not_captured: u64,
    pub(super) duration_ns: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ProcessLine<'a> {
    pub(super) pid: Option<u32>,
    pub(super) ppid: u32,
    pub(super) uid: Option<u32>,
    #[serde(borrow)]
    pub(super) comm: Option<Text<'a>>,
    pub(super) args: Option<Words>,
    pub(super) age_ns: Option<u64>,
    pub(super) forked_only: bool,
}

/// Takes any value as it is written.
fn raw<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a str>, D::Error> {
    let raw = Option::<&RawValue>::deserialize(deserializer)?;
    Ok(raw.map(RawValue::get))
}
