//! Which container a control group belongs to, as far as its path tells.
//!
//! Runtimes name a container's control group after its id. Their monitors (`conmon`, LXC's, nspawn's
//! supervisor) have groups with such names too, and run outside.

/// Digits of a container's id, in hexadecimal.
const ID: usize = 64;

/// Characters of an id of BuildKit's, which builds images in containers.
const BUILD_ID: usize = 25;

/// Characters of an id that a person is shown, as Docker does.
const SHORT_ID: usize = 12;

/// What stands before the id in a group's name.
const RUNTIMES: [&str; 7] = [
    "docker-",
    "cri-containerd-",
    "crio-",
    "libpod-",
    "libpod-payload-",
    "nerdctl-",
    "buildkit-",
];

/// The runtimes' own prefixes, where whoever called them chose none: any name may follow.
const BARE_RUNTIMES: [&str; 2] = ["runc-", "crun-"];

/// Returns the id or the name of the innermost container of a control group's path.
///
/// Ids are whole. In a name, bytes that are no UTF-8 are replaced by U+FFFD.
pub fn of_path(path: &[u8]) -> Option<Box<str>> {
    let parts: Vec<&[u8]> = path
        .split(|byte| *byte == b'/')
        .filter(|part| !part.is_empty())
        .collect();
    (0..parts.len()).rev().find_map(|at| {
        let above = at.checked_sub(1).and_then(|at| parts.get(at));
        let part = Part {
            above: above.copied().unwrap_or_default(),
            name: parts.get(at)?,
            below: parts.get(at + 1).copied().unwrap_or_default(),
        };
        let name = part.container()?;
        Some(String::from_utf8_lossy(&name).into())
    })
}

/// Returns an id cut to what a person is shown of it; a name is left as it is.
pub fn short(container: &str) -> &str {
    if is_id(container.as_bytes()) {
        container.get(..SHORT_ID).unwrap_or(container)
    } else {
        container
    }
}

/// One part of a path, between those next to it; these are empty at its ends.
struct Part<'a> {
    above: &'a [u8],
    name: &'a [u8],
    below: &'a [u8],
}

impl Part<'_> {
    fn container(&self) -> Option<Vec<u8>> {
        let id = self.id().map(<[u8]>::to_vec);
        id.or_else(|| self.machine()).or_else(|| self.lxc())
    }

    /// A container of an OCI runtime.
    fn id(&self) -> Option<&[u8]> {
        // Podman names pods by ids too, as the level above their containers.
        if is_id(self.name) && self.above != b"libpod_parent" {
            return Some(self.name);
        }
        if self.above == b"buildkit" && is_build_id(self.name) {
            return Some(self.name);
        }
        let scope = self.name.strip_suffix(b".scope");
        let name = scope.unwrap_or(self.name);
        let mut ids = RUNTIMES
            .iter()
            .filter_map(|runtime| name.strip_prefix(runtime.as_bytes()));
        if let Some(id) = ids.find(|id| is_id(id) || is_build_id(id)) {
            return Some(id);
        }
        let mut bare = BARE_RUNTIMES
            .iter()
            .filter_map(|runtime| scope?.strip_prefix(runtime.as_bytes()));
        bare.find(|name| !name.is_empty())
            .or_else(|| self.slice_runtime_name())
    }

    /// What should have been given to systemd, `slice:runtime:name`, where a runtime that does not use
    /// systemd took it for a path.
    fn slice_runtime_name(&self) -> Option<&[u8]> {
        let mut fields = self.name.split(|byte| *byte == b':');
        match (fields.next(), fields.next(), fields.next(), fields.next()) {
            (Some(slice), Some(runtime), Some(name), None)
                if slice.ends_with(b".slice") && !runtime.is_empty() && !name.is_empty() =>
            {
                Some(name)
            }
            _ => None,
        }
    }

    /// A container that systemd calls a machine.
    fn machine(&self) -> Option<Vec<u8>> {
        if self.below == b"supervisor" {
            return None;
        }
        if let Some(name) = self.name.strip_suffix(b".libvirt-lxc") {
            return some(name.to_vec());
        }
        if let Some(name) = between(self.name, b"systemd-nspawn@", b".service") {
            return some(unescape(name));
        }
        let name = unescape(between(self.name, b"machine-", b".scope")?);
        // libvirt's are called `driver-number-name`, and those of QEMU are no containers.
        if numbered(&name, b"qemu-").is_some() {
            return None;
        }
        let own = numbered(&name, b"lxc-").map(<[u8]>::to_vec);
        some(own.unwrap_or(name))
    }

    fn lxc(&self) -> Option<Vec<u8>> {
        let name = match self.above {
            b"lxc" | b"lxc.payload" => self.name,
            _ => self.name.strip_prefix(b"lxc.payload.")?,
        };
        some(name.to_vec())
    }
}

fn some(name: Vec<u8>) -> Option<Vec<u8>> {
    (!name.is_empty()).then_some(name)
}

fn is_id(name: &[u8]) -> bool {
    name.len() == ID && name.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_build_id(name: &[u8]) -> bool {
    name.len() == BUILD_ID && name.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'z'))
}

fn between<'a>(name: &'a [u8], before: &[u8], after: &[u8]) -> Option<&'a [u8]> {
    name.strip_prefix(before)?.strip_suffix(after)
}

/// Returns what follows a driver's name and a number.
fn numbered<'a>(name: &'a [u8], driver: &[u8]) -> Option<&'a [u8]> {
    let rest = name.strip_prefix(driver)?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let name = rest.get(digits..)?.strip_prefix(b"-")?;
    (digits > 0 && !name.is_empty()).then_some(name)
}

/// Undoes the escapes of systemd's unit names, `\xNN`.
fn unescape(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, after)) = rest.split_first() {
        let escaped = match rest {
            [b'\\', b'x', high, low, after @ ..] => digit(*high)
                .zip(digit(*low))
                .map(|(high, low)| (high << 4 | low, after)),
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((*first, after));
        out.push(byte);
        rest = after;
    }
    out
}

fn digit(hex: u8) -> Option<u8> {
    char::from(hex)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: &str = "9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d";
    const B: &str = "0375b48a72e3c6f9f7b0ec306c0464a3cc414ac84aa176de203aa103d53adafc";
    const POD: &str = "podbc646bf4-01c0-11e8-9ec7-0a580a2c0a3a";

    /// Paths with `A`, `B` and `POD` for the above, and the container that each belongs to.
    const PATHS: &[(&str, &str)] = &[
        // Docker: its cgroupfs driver, its systemd driver, with --cgroup-parent, rootless.
        ("/docker/A", "A"),
        ("/system.slice/docker-A.scope", "A"),
        ("/mycgroup.slice/docker-A.scope", "A"),
        ("/bar/A", "A"),
        (
            "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-A.scope",
            "A",
        ),
        // Old Docker at the root; services inside of a container that runs systemd.
        ("/A", "A"),
        ("/docker/A/system.slice/nginx.service", "A"),
        ("/docker/A/init.scope", "A"),
        // BuildKit inside of dockerd (buildkit#580), and with systemd (`system.slice:docker:`).
        (
            "/docker/buildkit/ykfu6r0zlv4bkvmk4pfnv8i7g",
            "ykfu6r0zlv4bkvmk4pfnv8i7g",
        ),
        (
            "/system.slice/docker-ykfu6r0zlv4bkvmk4pfnv8i7g.scope",
            "ykfu6r0zlv4bkvmk4pfnv8i7g",
        ),
        // Kubernetes: the kubelet's cgroupfs driver, its systemd driver with Docker (cri-o#842).
        ("/kubepods/burstable/POD/A", "A"),
        ("/kubepods/besteffort/POD/A", "A"),
        (
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod90d8.slice/docker-A.scope",
            "A",
        ),
        // containerd's CRI plugin with SystemdCgroup, and without while the kubelet uses systemd.
        (
            "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod90d8.slice/cri-containerd-A.scope",
            "A",
        ),
        (
            "/system.slice/containerd.service/kubepods-burstable-pod90d8.slice:cri-containerd:A",
            "A",
        ),
        ("/kubepods-pod90d8.slice:cri-containerd:A", "A"),
        ("/k8s.io/A", "A"),
        // nerdctl, and runc and crun as they come.
        ("/system.slice/nerdctl-A.scope", "A"),
        (
            "/user.slice/user-1000.slice/user@1000.service/user.slice/runc-web.scope",
            "web",
        ),
        ("/system.slice/crun-web.scope", "web"),
        ("/system.slice/runc-.scope", ""),
        // CRI-O, with crun's group inside of the scope, with cgroupfs, and its monitor.
        ("/kubepods.slice/kubepods-pod90d8.slice/crio-B.scope", "B"),
        (
            "/kubepods.slice/kubepods-pod90d8.slice/crio-B.scope/container",
            "B",
        ),
        ("/kubepods/besteffort/POD/crio-B", "B"),
        (
            "/kubepods.slice/kubepods-pod90d8.slice/crio-conmon-B.scope",
            "",
        ),
        ("/kubepods/besteffort/POD/crio-conmon-B", ""),
        // Podman: root, rootless, --cgroups=split, cgroupfs, pods; monitors (podman#6400, podman#1552).
        ("/machine.slice/libpod-A.scope", "A"),
        ("/machine.slice/libpod-A.scope/container", "A"),
        (
            "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-A.scope/container",
            "A",
        ),
        (
            "/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_B.slice/libpod-A.scope",
            "A",
        ),
        ("/system.slice/web.service/libpod-payload-A", "A"),
        ("/system.slice/web.service/libpod-payload-A.scope", "A"),
        ("/libpod_parent/libpod-A", "A"),
        ("/libpod_parent/B/libpod-A", "A"),
        ("/machine.slice/libpod-conmon-A.scope", ""),
        ("/libpod_parent/libpod-conmon-A", ""),
        ("/libpod_parent/B/conmon", ""),
        ("/libpod_parent/conmon", ""),
        // systemd-nspawn: its template unit, its scope by machined, its two groups below.
        ("/machine.slice/systemd-nspawn@web.service", "web"),
        (
            "/machine.slice/systemd-nspawn@web.service/payload/system.slice/nginx.service",
            "web",
        ),
        ("/machine.slice/systemd-nspawn@web.service/supervisor", ""),
        (
            "/machine.slice/systemd-nspawn@my\\x2dweb.service/payload",
            "my-web",
        ),
        ("/machine.slice/machine-my\\x2dweb.scope/payload", "my-web"),
        ("/machine.slice/machine-web.scope/supervisor", ""),
        // libvirt (libvirt.org/cgroups.html): with systemd, without; QEMU's are machines of another kind.
        (
            "/machine.slice/machine-lxc\\x2d12345\\x2ddemo.scope/libvirt",
            "demo",
        ),
        ("/machine/container1.libvirt-lxc", "container1"),
        (
            "/machine.slice/machine-qemu\\x2d2\\x2ddemo.scope/libvirt/emulator",
            "",
        ),
        // LXC: 4.0 and later, 3.1 (lxc#2782), older and Proxmox, LXD's projects; monitors.
        ("/lxc.payload.web", "web"),
        ("/lxc.payload.web/system.slice/ssh.service", "web"),
        ("/lxc.payload.web/.lxc", "web"),
        ("/lxc.payload.prod_web/init.scope", "prod_web"),
        ("/lxc.payload/c1", "c1"),
        ("/lxc/101/ns/init.scope", "101"),
        ("/user.slice/user-1000.slice/session-1.scope/lxc/c1", "c1"),
        ("/lxc.monitor.web", ""),
        ("/lxc.monitor/c1", ""),
        ("/lxc", ""),
        ("/lxc.payload.", ""),
        // One inside of another: the innermost.
        ("/docker/A/docker/B", "B"),
        ("/docker/A/kubelet/kubepods/burstable/POD/B", "B"),
        ("/lxc/101/ns/system.slice/docker-A.scope", "A"),
        ("/docker/A/libpod_parent/libpod-conmon-B", "A"),
        // A container service's task (Amazon ECS).
        ("/ecs/0f3d1e5a7c9b4d2e8f60718293a4b5c6/A", "A"),
        // None.
        ("", ""),
        ("/", ""),
        ("/init.scope", ""),
        ("/system.slice/docker.service", ""),
        ("/system.slice/docker-web.scope", ""),
        ("/system.slice/run-r1234.scope", ""),
        ("/user.slice/user-1000.slice/session-4.scope", ""),
        (
            "/user.slice/user-1000.slice/user@1000.service/user.slice/podman-239302.scope",
            "",
        ),
        ("/machine.slice/machine-.scope", ""),
        ("/a.slice::B", ""),
        ("/a:b:c", ""),
    ];

    #[test]
    fn a_path_tells_its_container() {
        for (path, container) in PATHS {
            let path = path.replace("POD", POD).replace('A', A).replace('B', B);
            let container = container.replace('A', A).replace('B', B);
            let found = of_path(path.as_bytes());
            assert_eq!(found.as_deref().unwrap_or_default(), container, "{path}");
        }
    }

    #[test]
    fn names_need_not_be_text() {
        let found = of_path(b"/lxc.payload.\xff\xfe");
        assert_eq!(found.as_deref(), Some("\u{fffd}\u{fffd}"));
        let escaped = of_path(b"/machine.slice/machine-a\\xff\\x2\\xzz.scope");
        assert_eq!(escaped.as_deref(), Some("a\u{fffd}\\x2\\xzz"));
    }

    #[test]
    fn only_ids_are_shortened() {
        assert_eq!(short(A), "9ec39b91f3d7");
        for name in ["web", "ykfu6r0zlv4bkvmk4pfnv8i7g", ""] {
            assert_eq!(short(name), name);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_path(path in prop::collection::vec(any::<u8>(), 0..100)) {
            of_path(&path);
        }

        #[test]
        fn any_parts_are_a_path(parts in prop::collection::vec(
            prop_oneof![
                Just("lxc".to_owned()), Just("docker-".to_owned()), Just(".scope".to_owned()),
                Just("machine-\\x".to_owned()), Just(":".to_owned()), Just("/".to_owned()),
                Just(".slice".to_owned()), Just(A.to_owned()), any::<String>(),
            ],
            0..8,
        )) {
            let path = parts.concat();
            if let Some(container) = of_path(path.as_bytes()) {
                prop_assert!(!container.is_empty());
                prop_assert!(container.starts_with(short(&container)));
            }
        }
    }
}
