//! The commands of README.md and docs/guide.md: each is understood, and what prints lines does so of the made-up machine.

use crate::product;
use execsnoop_tui::cli::{self, Context};
use serde_json::Value;
use std::fs;
use std::path::Path;

const PAGES: [&str; 2] = ["README.md", "docs/guide.md"];

fn page(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(root.join(name)).unwrap()
}

/// Returns the words of each command of a page that starts the product, without the product's name: those of the first
/// program of a pipeline, without its redirections.
fn commands(text: &str) -> Vec<Vec<String>> {
    let blocks = text.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    let product = lines.filter_map(|line| {
        let (_, rest) = line.split_once("execsnoop-tui ")?;
        line.split(' ').all(|word| word != "cargo").then_some(rest)
    });
    product.map(words).collect()
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            _ if quoted => word.push(c),
            '|' | '>' | '#' => break,
            ' ' if word.is_empty() => {}
            ' ' => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

/// Returns the arguments with which a command does the same with made-up events, if it prints lines at all.
fn on_demo(words: &[String]) -> Option<Vec<String>> {
    let end = words.iter().position(|word| word == "--");
    let own = &words[..end.unwrap_or(words.len())];
    let has = |flags: &[&str]| own.iter().any(|word| flags.contains(&word.as_str()));
    let lines = has(&["-o", "-T", "-xT", "--summary", "--assert"]);
    // A file that is written, or asked of the kernel.
    let other = has(&[
        "-w", "-O", "--only", "--tree", "--cgroup", "doctor", "diff", "man",
    ]);
    if !lines || other {
        return None;
    }
    let mut args = vec!["--demo".to_owned()];
    let mut own = own.iter();
    while let Some(word) = own.next() {
        match word.as_str() {
            "--demo" => {}
            "-r" | "--duration" | "--speed" => {
                own.next();
            }
            word => args.push(word.to_owned()),
        }
    }
    Some(args)
}

#[test]
fn every_command_is_understood_and_prints_what_it_can() {
    let (mut understood, mut ran) = (0, 0);
    for words in PAGES.iter().flat_map(|name| commands(&page(name))) {
        let context = Context {
            uid_of: &|_| Some(1000),
            ..Context::of_process()
        };
        let program = ["execsnoop-tui".to_owned()];
        if let Err(error) = cli::parse(program.iter().chain(&words), &context) {
            panic!("{words:?}: {error}");
        }
        understood += 1;
        if let Some(args) = on_demo(&words) {
            let output = product().args(&args).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            let expected = matches!(output.status.code(), Some(0 | 3 | 4));
            assert!(
                expected && !output.stdout.is_empty() | !said.is_empty(),
                "{args:?}: {said}"
            );
            ran += 1;
        }
    }
    assert!(
        understood > 30 && ran > 5,
        "{understood} understood, {ran} ran"
    );
}

#[test]
fn the_guide_tells_of_every_line_of_the_doctor() {
    let guide = page("docs/guide.md");
    let output = product().args(["doctor", "-o", "json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.len() > 10);
    for check in checks {
        let title = check["title"].as_str().unwrap();
        assert!(guide.contains(&format!("\n| {title} | ")), "{title}");
    }
}
