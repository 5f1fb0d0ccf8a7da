//! The bill of materials of a program: which crates and libraries are in it, or made it, with versions, licences and
//! checksums, as CycloneDX has it.
//!
//! It goes by what cargo tells of the very build, not by what could be built: features that only tests or other members of
//! the workspace ask for bring in crates that the program does not have.

mod facts;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use spdx::{Expression, LicenseId};

use super::musl::Built;
use super::{NAME, Release};
use crate::shell::{root, say};
use facts::{Component, Facts};

/// Who tells all this.
const MAKER: &str = "The execsnoop-tui developers";

/// The version of the specification.
const SPEC: &str = "1.5";

/// Returns the bill of materials of a built program; `program` is the file that is given to users.
pub(super) fn bill(release: &Release, built: &Built, program: &Path) -> Result<String> {
    let facts = facts::gather(release, built, program)?;
    let document = document(&facts);
    check(&document, &Allowed::read()?)?;
    say(&format!(
        "{} parts, each under a licence that deny.toml allows",
        facts.components.len()
    ));
    Ok(format!("{document:#}\n"))
}

fn document(facts: &Facts) -> Value {
    let components: Vec<_> = facts.components.iter().map(component).collect();
    let mut dependencies = vec![json!({"ref": NAME, "dependsOn": facts.direct})];
    for each in &facts.components {
        dependencies.push(json!({"ref": each.id, "dependsOn": each.depends_on}));
    }
    json!({
        "$schema": format!("http://cyclonedx.org/schema/bom-{SPEC}.schema.json"),
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {
            "timestamp": facts.timestamp,
            "authors": [{"name": MAKER}],
            "component": {
                "type": "application",
                "bom-ref": NAME,
                "name": NAME,
                "version": facts.version,
                "supplier": {"name": MAKER},
                "licenses": [{"expression": "(MIT OR Apache-2.0) AND (MIT OR GPL-2.0-only)"}],
                "hashes": [{"alg": "SHA-256", "content": facts.hash}],
            },
            "properties": [{"name": "cdx:rustc:sbom:target:triple", "value": facts.target}],
        },
        "components": components,
        "dependencies": dependencies,
    })
}

fn component(of: &Component) -> Value {
    let mut value = json!({
        "type": of.kind,
        "bom-ref": of.id,
        "name": of.name,
        "version": of.version,
        // A build script or a macro: it made the program, and is not in it.
        "scope": if of.linked { "required" } else { "excluded" },
        "licenses": [{"expression": canonical(&of.license)}],
    });
    if let Some(hash) = &of.hash {
        value["hashes"] = json!([{"alg": "SHA-256", "content": hash}]);
    }
    if let Some(purl) = &of.purl {
        value["purl"] = json!(purl);
    }
    if let Some(url) = &of.repository {
        value["externalReferences"] = json!([{"type": "vcs", "url": url}]);
    }
    value
}

/// Returns a licence as SPDX writes it: some crates still say MIT/Apache-2.0.
fn canonical(license: &str) -> String {
    let written = Expression::canonicalize(license).ok().flatten();
    written.unwrap_or_else(|| license.to_owned())
}

/// The licences that the project takes parts under.
struct Allowed(Vec<String>);

impl Allowed {
    fn read() -> Result<Self> {
        let text = fs::read_to_string(root().join("deny.toml")).context("deny.toml")?;
        Self::parse(&text).context("deny.toml has no line `allow = [\"…\"]`")
    }

    fn parse(rules: &str) -> Option<Self> {
        let mut lines = rules.lines();
        let list = lines.find_map(|line| line.strip_prefix("allow = ["))?;
        let names = list.split('"').skip(1).step_by(2);
        Some(Self(names.map(str::to_owned).collect()))
    }

    /// Checks that what `name` is under can be had under these; an exception only allows more.
    fn check(&self, name: &str, license: &str) -> Result<()> {
        let expression = Expression::parse(license)
            .map_err(|error| anyhow!("{name} is under `{license}`: {}", error.reason))?;
        let has = |id: LicenseId| self.0.iter().any(|allowed| allowed == id.name);
        ensure!(
            expression.evaluate(|one| one.license.id().is_some_and(has)),
            "{name} is under {license}, which deny.toml does not allow: decide about it there"
        );
        Ok(())
    }
}

/// Checks what the specification demands, and that nothing is said of a crate without its licence and checksum.
fn check(document: &Value, allowed: &Allowed) -> Result<()> {
    let has = |value: &Value, key: &str| value[key].as_str().is_some_and(|text| !text.is_empty());
    for key in ["bomFormat", "specVersion"] {
        ensure!(has(document, key), "the bill of materials lacks {key}");
    }
    let mut known = BTreeSet::from([NAME]);
    for component in document["components"].as_array().into_iter().flatten() {
        for key in ["type", "bom-ref", "name", "version", "scope"] {
            ensure!(has(component, key), "a component lacks {key}: {component}");
        }
        let name = component["bom-ref"].as_str().unwrap_or_default();
        ensure!(known.insert(name), "two components are called {name}");
        let license = component["licenses"][0]["expression"].as_str();
        let license = license.filter(|text| !text.is_empty());
        allowed.check(
            name,
            license.with_context(|| format!("{name} has no licence"))?,
        )?;
        let published = component["purl"].as_str();
        let published = published.is_some_and(|purl| purl.starts_with("pkg:cargo/"));
        let hash = component["hashes"][0]["content"].as_str();
        ensure!(
            !published || hash.is_some_and(|hash| hash.len() == 64),
            "{name} has no checksum"
        );
    }
    ensure!(known.len() > 1, "there are no components");
    for dependency in document["dependencies"].as_array().into_iter().flatten() {
        let on = dependency["dependsOn"].as_array().into_iter().flatten();
        for name in on.chain([&dependency["ref"]]) {
            let name = name.as_str().context("a dependency has no name")?;
            ensure!(known.contains(name), "{name} is no component");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(name: &str) -> Component {
        Component {
            kind: "library",
            id: format!("{name}@1.0.0"),
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: "MIT/Apache-2.0".to_owned(),
            linked: name != "made-by",
            hash: Some("a".repeat(64)),
            purl: Some(format!("pkg:cargo/{name}@1.0.0")),
            repository: None,
            depends_on: Vec::new(),
        }
    }

    fn facts() -> Facts {
        let mut first = component("first");
        first.depends_on = vec!["made-by@1.0.0".to_owned()];
        Facts {
            version: "0.1.0".to_owned(),
            target: "x86_64-unknown-linux-musl",
            timestamp: "2026-01-01T00:00:00Z".to_owned(),
            hash: "b".repeat(64),
            components: vec![first, component("made-by")],
            direct: vec!["first@1.0.0".to_owned()],
        }
    }

    fn allowed() -> Allowed {
        Allowed::parse("[licenses]\nallow = [\"MIT\", \"Zlib\"]\n").expect("it is there")
    }

    #[test]
    fn a_document_is_what_the_specification_demands() {
        let document = document(&facts());
        check(&document, &allowed()).expect("nothing is missing");
        assert_eq!(document["bomFormat"], "CycloneDX");
        assert_eq!(document["components"][1]["scope"], "excluded");
        assert_eq!(
            document["components"][0]["licenses"][0]["expression"],
            "MIT OR Apache-2.0"
        );
        assert_eq!(
            document["dependencies"][1],
            json!({"ref": "first@1.0.0", "dependsOn": ["made-by@1.0.0"]})
        );
    }

    #[test]
    fn what_is_missing_is_found() {
        let wrong = |change: fn(&mut Facts)| {
            let mut facts = facts();
            change(&mut facts);
            let error = check(&document(&facts), &allowed()).expect_err("something is missing");
            error.to_string()
        };
        let none = wrong(|facts| facts.components[0].license.clear());
        assert_eq!(none, "first@1.0.0 has no licence");
        let none = wrong(|facts| facts.components[0].hash = None);
        assert_eq!(none, "first@1.0.0 has no checksum");
        let none = wrong(|facts| facts.components.truncate(1));
        assert_eq!(none, "made-by@1.0.0 is no component");
        let other = wrong(|facts| facts.components[0].license = "MIT AND AGPL-3.0-only".to_owned());
        assert!(other.contains("AGPL-3.0-only, which deny.toml"), "{other}");
        let unknown = wrong(|facts| facts.components[0].license = "Mine".to_owned());
        assert!(
            unknown.starts_with("first@1.0.0 is under `Mine`"),
            "{unknown}"
        );
        let twice = wrong(|facts| facts.components.push(component("first")));
        assert_eq!(twice, "two components are called first@1.0.0");
    }
}
