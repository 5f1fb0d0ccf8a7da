//! What a bill of materials tells: what cargo built, with what manifests and lock files say of it, what Debian's packages
//! gave, and what the committed kernel programs are made of.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::super::musl::{Built, LIBRARIES, target};
use super::super::{NAME, Release};
use crate::shell::{capture, cargo, root};
use crate::toolchain::{self, Toolchain};

/// What the kernel programs are built for.
const BPF: &str = "bpfel-unknown-none";

/// The kernel programs, as they are embedded.
const OBJECT: &str = "assets/execsnoop.bpf.o";

/// The standard library as a whole: its own crates have no versions of their own.
const STD: &str = "rust-std";

/// Where crates come from.
const REGISTRY: &str = "registry+";

/// What a bill of materials tells.
pub(super) struct Facts {
    pub(super) version: String,
    pub(super) target: &'static str,
    pub(super) timestamp: String,
    /// SHA-256 of the program.
    pub(super) hash: String,
    pub(super) components: Vec<Component>,
    /// What the program itself names.
    pub(super) direct: Vec<String>,
}

/// A part of the program, or of what made it.
pub(super) struct Component {
    pub(super) kind: &'static str,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: String,
    /// Whether it is in the program.
    pub(super) linked: bool,
    pub(super) hash: Option<String>,
    pub(super) purl: Option<String>,
    pub(super) repository: Option<String>,
    pub(super) depends_on: Vec<String>,
}

/// Gathers all of it.
pub(super) fn gather(release: &Release, built: &Built, program: &Path) -> Result<Facts> {
    let target = target(release.arch);
    let workspace = Metadata::of_workspace(target)?;
    let sums = Sums::read(&root().join("Cargo.lock"))?;
    let std_sources = Toolchain::pinned()?
        .sysroot
        .join("lib/rustlib/src/rust/library");
    let std_sums = Sums::read(&std_sources.join("Cargo.lock"))?;
    let packages = packages(&built.messages, target);
    let mut components = Vec::new();
    let mut of_std = Vec::new();
    let mut direct = Vec::new();
    for (id, package) in &packages {
        let own = workspace.packages.get(id);
        if own.is_some_and(|own| own["name"] == NAME) {
            direct = workspace.dependencies(id, &packages);
        } else if let Some(own) = own {
            let mut component = crate_component(own, package.linked, &sums);
            component.depends_on = workspace.dependencies(id, &packages);
            components.push(component);
        } else if id.starts_with(REGISTRY) {
            let component = crate_component(&manifest(&package.manifest)?, true, &std_sums);
            of_std.push(component.id.clone());
            components.push(component);
        }
    }
    components.push(std_component(of_std));
    direct.push(STD.to_owned());
    for library in LIBRARIES {
        let component = debian_component(library, release, &built.libraries)?;
        direct.push(component.id.clone());
        components.push(component);
    }
    let (object, of_object) = kernel_programs(&sums)?;
    direct.push(object.id.clone());
    components.push(object);
    for component in of_object {
        match components.iter_mut().find(|known| known.id == component.id) {
            Some(known) => known.linked |= component.linked,
            None => components.push(component),
        }
    }
    components.sort_by(|one, other| one.id.cmp(&other.id));
    direct.sort();
    let date = format!("@{}", release.epoch);
    let timestamp = capture(Command::new("date").args(["-u", "-d", &date, "+%FT%TZ"]))?;
    Ok(Facts {
        version: release.version.clone(),
        target,
        timestamp: timestamp.trim().to_owned(),
        hash: sha256(program)?,
        components,
        direct,
    })
}

/// A package that cargo built.
#[derive(Debug, Default, PartialEq, Eq)]
struct Package {
    manifest: String,
    /// Whether any of it was built for the machine that the program is for.
    linked: bool,
}

/// Picks the packages out of what cargo told about a build.
fn packages(messages: &str, target: &str) -> BTreeMap<String, Package> {
    let folder = format!("/{target}/");
    let mut packages = BTreeMap::new();
    let messages = messages.lines();
    for message in messages.filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        let text = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
        let package: &mut Package = packages.entry(text("package_id")).or_default();
        package.manifest = text("manifest_path");
        let files = message["filenames"].as_array().into_iter().flatten();
        let mut files = files.filter_map(Value::as_str);
        package.linked |= files.any(|file| file.contains(&folder));
    }
    packages
}

/// What cargo knows of the workspace's packages.
struct Metadata {
    packages: BTreeMap<String, Value>,
    /// By package, the packages that it names and whether only its build script does.
    names: BTreeMap<String, Vec<(String, bool)>>,
}

impl Metadata {
    /// Asks cargo for what there is on a target.
    fn of_workspace(target: &str) -> Result<Self> {
        let told = capture(cargo().args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
            target,
        ]))?;
        let told: Value = serde_json::from_str(&told)?;
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let id = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let packages = list(&told["packages"]).into_iter();
        let nodes = list(&told["resolve"]["nodes"]);
        let names = nodes.iter().map(|node| {
            let on = list(&node["deps"]).into_iter().filter_map(|on| {
                let kinds = list(&on["dep_kinds"]);
                let of = |kind: &Value| kinds.iter().any(|each| each["kind"] == *kind);
                let (normal, build) = (of(&Value::Null), of(&"build".into()));
                (normal || build).then(|| (id(&on, "pkg"), !normal))
            });
            (id(node, "id"), on.collect())
        });
        Ok(Self {
            packages: packages
                .map(|package| (id(&package, "id"), package))
                .collect(),
            names: names.collect(),
        })
    }

    /// Returns the components that a package names, of those that were built.
    fn dependencies(&self, id: &str, built: &BTreeMap<String, Package>) -> Vec<String> {
        let names = self.names.get(id).into_iter().flatten();
        let mut on: Vec<_> = names
            .filter(|(on, _)| built.contains_key(on))
            .filter_map(|(on, _)| self.packages.get(on).map(component_id))
            .collect();
        on.sort();
        on
    }

    /// Returns what a program has of other packages: itself, and what it names, but not what macros name.
    fn reached(&self, from: &str) -> BTreeMap<String, Package> {
        let mut reached = BTreeMap::new();
        let mut waiting = vec![from.to_owned()];
        while let Some(id) = waiting.pop() {
            let Some(package) = self.packages.get(&id) else {
                continue;
            };
            let linked = !is_macro(package);
            let manifest = String::new();
            if reached
                .insert(id.clone(), Package { manifest, linked })
                .is_none()
                && linked
            {
                let names = self.names.get(&id).into_iter().flatten();
                waiting.extend(names.filter(|(_, build)| !build).map(|(on, _)| on.clone()));
            }
        }
        reached
    }
}

fn is_macro(package: &Value) -> bool {
    let targets = package["targets"].as_array().into_iter().flatten();
    let mut kinds = targets.filter_map(|target| target["kind"].as_array());
    kinds.any(|kinds| kinds.iter().any(|kind| kind == "proc-macro"))
}

/// Asks cargo what the manifest of a package says.
fn manifest(path: &str) -> Result<Value> {
    let told = capture(cargo().args([
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--manifest-path",
        path,
    ]))?;
    let mut told: Value = serde_json::from_str(&told)?;
    Ok(told["packages"][0].take())
}

fn component_id(package: &Value) -> String {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    format!("{}@{}", text("name"), text("version"))
}

fn crate_component(package: &Value, linked: bool, sums: &Sums) -> Component {
    let text = |key: &str| package[key].as_str().map(str::to_owned);
    let id = component_id(package);
    let published = package["source"].is_string() || sums.0.contains_key(&id);
    Component {
        kind: "library",
        name: text("name").unwrap_or_default(),
        version: text("version").unwrap_or_default(),
        license: text("license").unwrap_or_default(),
        linked,
        hash: sums.0.get(&id).cloned(),
        purl: published.then(|| purl("cargo", &id)),
        repository: text("repository"),
        depends_on: Vec::new(),
        id,
    }
}

fn std_component(depends_on: Vec<String>) -> Component {
    Component {
        kind: "library",
        id: STD.to_owned(),
        name: STD.to_owned(),
        version: toolchain::VERSION.to_owned(),
        license: "MIT OR Apache-2.0".to_owned(),
        linked: true,
        hash: None,
        purl: None,
        repository: Some("https://github.com/rust-lang/rust".to_owned()),
        depends_on,
    }
}

fn debian_component(package: &str, release: &Release, folder: &Path) -> Result<Component> {
    let version = fs::read_to_string(folder.join(package)).context("its version is not known")?;
    let (name, license) = match package {
        "musl-dev" => ("musl", "MIT"),
        _ => ("libunwind", "Apache-2.0 WITH LLVM-exception"),
    };
    let purl = purl("deb/debian", &format!("{package}@{version}"));
    Ok(Component {
        kind: "library",
        id: name.to_owned(),
        name: name.to_owned(),
        version,
        license: license.to_owned(),
        linked: true,
        hash: None,
        purl: Some(format!("{purl}?arch={}", release.arch.debian())),
        repository: None,
        depends_on: Vec::new(),
    })
}

/// Returns the kernel programs, and the crates that they are made of.
fn kernel_programs(sums: &Sums) -> Result<(Component, Vec<Component>)> {
    const PROBE: &str = "probe-ebpf";
    let metadata = Metadata::of_workspace(BPF)?;
    let mut packages = metadata.packages.iter();
    let probe = packages.find(|(_, package)| package["name"] == PROBE);
    let (id, probe) = probe.with_context(|| format!("cargo knows no package {PROBE}"))?;
    let mut reached = metadata.reached(id);
    reached.remove(id);
    let own = crate_component(probe, true, sums);
    let object = Component {
        kind: "file",
        id: OBJECT.to_owned(),
        name: OBJECT.to_owned(),
        hash: Some(sha256(&root().join(OBJECT))?),
        depends_on: metadata.dependencies(id, &reached),
        ..own
    };
    let crates = reached.iter().filter_map(|(id, package)| {
        let mut component = crate_component(metadata.packages.get(id)?, package.linked, sums);
        component.depends_on = metadata.dependencies(id, &reached);
        Some(component)
    });
    Ok((object, crates.collect()))
}

/// Returns what identifies a package of some kind everywhere, by its name and version.
fn purl(kind: &str, id: &str) -> String {
    let id = id.replace(':', "%3A").replace('+', "%2B");
    format!("pkg:{kind}/{id}")
}

/// Checksums of crates, by name and version.
struct Sums(BTreeMap<String, String>);

impl Sums {
    fn read(lock: &Path) -> Result<Self> {
        let text = fs::read_to_string(lock)
            .with_context(|| format!("{} cannot be read", lock.display()))?;
        Ok(Self::parse(&text))
    }

    fn parse(lock: &str) -> Self {
        let packages = lock.split("[[package]]").filter_map(|package| {
            let value = |key: &str| {
                let mut lines = package.lines();
                let value = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
                value?.strip_suffix('"')
            };
            let id = format!("{}@{}", value("name")?, value("version")?);
            Some((id, value("checksum")?.to_owned()))
        });
        Self(packages.collect())
    }
}

fn sha256(file: &Path) -> Result<String> {
    let told = capture(Command::new("sha256sum").arg(file))?;
    Ok(told.split(' ').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_built_for_the_target_is_in_the_program() {
        let messages = r#"
            {"reason":"compiler-artifact","package_id":"a","manifest_path":"/a","filenames":["/t/x-musl/release/liba.rlib"]}
            {"reason":"compiler-artifact","package_id":"b","manifest_path":"/b","filenames":["/t/release/build/b"]}
            {"reason":"compiler-artifact","package_id":"a","manifest_path":"/a","filenames":["/t/release/build/a"]}
            {"reason":"build-script-executed","package_id":"c"}"#;
        let found = packages(messages, "x-musl");
        let found: Vec<_> = found.iter().map(|(id, one)| (&**id, one.linked)).collect();
        assert_eq!(found, [("a", true), ("b", false)]);
    }

    #[test]
    fn a_lock_file_is_read() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0\"\nchecksum = \"ff\"\n\n\
                    [[package]]\nname = \"own\"\nversion = \"0.1\"\n";
        let sums = Sums::parse(lock);
        assert_eq!(
            sums.0,
            BTreeMap::from([("a@1.0".to_owned(), "ff".to_owned())])
        );
    }

    #[test]
    fn the_kernel_programs_are_told_with_their_crates_and_without_those_of_macros() {
        let sums = Sums::read(&root().join("Cargo.lock")).expect("it is committed");
        let (object, crates) = kernel_programs(&sums).expect("cargo tells");
        let named = |name: &str| crates.iter().find(|one| one.name == name);
        assert!(named("aya-ebpf").is_some_and(|one| one.linked && one.hash.is_some()));
        assert!(named("zerocopy-derive").is_some_and(|one| !one.linked));
        assert!(named("syn").is_none() && named("probe-ebpf").is_none());
        assert!(object.license.contains("GPL-2.0"));
        assert!(
            object
                .depends_on
                .iter()
                .any(|id| id.starts_with("probe-common@"))
        );
        let is_told = |id: &String| crates.iter().any(|one| one.id == *id);
        assert!(object.depends_on.iter().all(is_told));
    }
}
