//! Machines whose events are told, and what their clocks say.

/// Names one machine among those whose events are told together; the first is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(pub u16);

/// Which machine the events are of, and what its clock says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// Host name.
    pub host: String,
    /// Kernel release, as `uname -r` prints it.
    pub kernel: String,
    /// Machine, as `uname -m` prints it.
    pub arch: String,
    /// Unix time in ns at which CLOCK_BOOTTIME was zero.
    pub boot_time_ns: i64,
    /// CLOCK_BOOTTIME, ns, when the capture was ready.
    pub started_ns: u64,
    /// The other machines, from host 1 on; times of all are by the clock of this one.
    pub others: Vec<Session>,
}

impl Session {
    /// Returns the Unix time in ns of a CLOCK_BOOTTIME instant.
    pub fn wall_ns(&self, time_ns: u64) -> i64 {
        self.boot_time_ns.saturating_add_unsigned(time_ns)
    }

    /// Returns the name of a machine.
    pub fn host_name(&self, host: HostId) -> &str {
        match host.0.checked_sub(1) {
            None => &self.host,
            Some(other) => {
                let other = self.others.get(usize::from(other));
                other.map_or("", |other| &other.host)
            }
        }
    }

    /// Returns a machine's name if there are several, so that it has to be told.
    pub fn told_host(&self, host: HostId) -> Option<&str> {
        (!self.others.is_empty()).then(|| self.host_name(host))
    }
}
