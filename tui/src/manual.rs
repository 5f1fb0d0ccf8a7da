//! The manual page and completions for shells, out of the tables that the program itself goes by.

use crate::appearance::ThemeName;
use crate::cli::{Args, COMMAND_DETAILS, COMMAND_HELP, EXAMPLES, SCREEN_OR_LINES, STATUSES};
use crate::event::Flags;
use crate::field::FIELDS;
use crate::filter::KEYS;
use crate::keymap::{Group, KEYMAP};
use crate::settings::{KEYS_OF_ACTIONS, NAMED_FILTERS, SETTINGS};
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};
use std::io::{self, Write};

/// The name of the program, as it is completed and looked up.
const NAME: &str = "execsnoop-tui";

/// Filters, and what each finds: the language by example.
const FILTERS: &[(&str, &str)] = &[
    (
        "nginx",
        "the command line has this in it; capitals count only if there are some",
    ),
    (
        "make|ninja !ccache",
        "either of the two, and not the third; a blank means and",
    ),
    (
        "\"git gc\" /ssh[-_]key/i",
        "words as they are; a regular expression",
    ),
    ("4711", "a process or its parent by number"),
    (
        "pid=1..500 uid>=1000 user!=root",
        "a span, a comparison, anything else",
    ),
    (
        "comm=ba* comm~^(ba|da)sh$",
        "with wildcards; by regular expression",
    ),
    (
        "err in (EACCES,ENOENT) exit!=0 sig=KILL",
        "how an exec or its process failed",
    ),
    (
        "dur>2s cpu>100ms rss>200M age<1m at>=12:03",
        "numbers with units",
    ),
    (
        "under(comm=cron) anc~sshd depth<=2",
        "what is below, above, and how deep",
    ),
    (
        "flag=memfd,deleted container=web cwd=/srv/*",
        "where it comes from and ran",
    ),
    (
        "(err=EACCES or exit>=126) and not user=root",
        "words in the place of signs",
    ),
];

/// What of the environment matters.
const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "NO_COLOR",
        "if it is set and not empty, there are no colors",
    ),
    (
        "TERM, COLORTERM",
        "how many colors the terminal has; truecolor or 24bit is all of them",
    ),
    (
        "XDG_CONFIG_HOME",
        "where configurations are, but not under sudo",
    ),
    (
        "LC_ALL, LC_CTYPE, LANG",
        "the first that is set says whether characters other than ASCII can be drawn",
    ),
    (
        "TZ",
        "the zone of the times of day that are shown and that filters name",
    ),
    (
        "SUDO_UID, SUDO_GID",
        "under sudo, the user that the program becomes and that files belong to",
    ),
];

/// Writes what completes command lines in a shell.
///
/// # Errors
/// Those of `out`.
pub fn completions(out: &mut dyn Write, shell: Shell) -> io::Result<()> {
    // What generates them ends the process where it cannot write.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), NAME, &mut text);
    out.write_all(&text)
}

/// Writes the manual page, as `man -l` reads it.
///
/// # Errors
/// Those of `out`.
pub fn page(out: &mut dyn Write) -> io::Result<()> {
    let man = Man::new(Args::command())
        .title(NAME.to_uppercase())
        .section("8")
        .manual("System administration");
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    let mut roff = Roff::new();
    paragraph(&mut roff, SCREEN_OR_LINES);
    roff.to_writer(out)?;
    man.render_options_section(out)?;
    rest().to_writer(out)
}

fn rest() -> Roff {
    let mut roff = Roff::new();
    heading(&mut roff, "COMMANDS");
    item(
        &mut roff,
        vec![bold("-- "), italic("CMD ARG…")],
        COMMAND_HELP,
    );
    paragraph(&mut roff, COMMAND_DETAILS);
    commands(&mut roff);
    heading(&mut roff, "KEYS");
    keys(&mut roff);
    heading(&mut roff, "FILTERS");
    roff.text([roman(
        "Terms side by side must all hold. Operators are = != ~ !~ < <= > >= in and .. for spans; and binds tighter than or.",
    )]);
    pairs(&mut roff, FILTERS);
    paragraph(
        &mut roff,
        "Every column is a name of the language. Besides, there are:",
    );
    for key in KEYS {
        item(
            &mut roff,
            vec![bold(key.key)],
            &format!("{}: {}", key.doc, key.example),
        );
    }
    heading(&mut roff, "COLUMNS");
    for field in FIELDS {
        item(
            &mut roff,
            vec![bold(field.key), roman(" "), roman(field.title)],
            field.doc,
        );
    }
    paragraph(&mut roff, "What can be special about an exec (flags):");
    for (_, word, meaning) in Flags::WORDS {
        item(&mut roff, vec![bold(word)], meaning);
    }
    heading(&mut roff, "SETTINGS");
    configuration(&mut roff);
    heading(&mut roff, "EXIT STATUS");
    pairs(&mut roff, STATUSES);
    heading(&mut roff, "ENVIRONMENT");
    pairs(&mut roff, ENVIRONMENT);
    heading(&mut roff, "EXAMPLES");
    pairs(&mut roff, EXAMPLES);
    heading(&mut roff, "SEE ALSO");
    roff.text([roman(
        "sudo(8), setcap(8), execve(2), bpf(2), capabilities(7), proc(5)",
    )]);
    roff
}

/// Where the file is, and what can stand in it.
fn configuration(roff: &mut Roff) {
    roff.text([
        roman("TOML, in "),
        italic("~/.config/execsnoop-tui/config.toml"),
        roman(
            " of the user who called sudo, or else in XDG_CONFIG_HOME. Others may not write it. ",
        ),
        bold("print-config"),
        roman(" prints one with all keys. What is wrong in it is told, and the rest is used."),
    ]);
    for setting in SETTINGS {
        item(roff, vec![bold(setting.name)], setting.doc);
    }
    item(roff, vec![bold("[filters]")], NAMED_FILTERS);
    item(roff, vec![bold("[keys]")], KEYS_OF_ACTIONS);
    paragraph(roff, "The themes:");
    for (_, name, doc) in ThemeName::ALL {
        item(roff, vec![bold(name)], doc);
    }
}

/// Each command with its flags.
fn commands(roff: &mut Roff) {
    let mut program = Args::command();
    program.build();
    for command in program.get_subcommands().filter(|c| c.get_name() != "help") {
        let about = command.get_long_about().or_else(|| command.get_about());
        let about = about.map(ToString::to_string).unwrap_or_default();
        item(roff, vec![bold(command.get_name())], &about);
        let own = command
            .get_arguments()
            .filter(|flag| flag.get_id() != "help");
        for flag in own {
            let name = match (flag.get_short(), flag.get_long()) {
                (Some(short), Some(long)) => format!("-{short}, --{long}"),
                (_, Some(long)) => format!("--{long}"),
                _ => String::new(),
            };
            let value = flag.get_value_names().unwrap_or_default().join(" ");
            let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
            let gap = if name.is_empty() || value.is_empty() {
                ""
            } else {
                " "
            };
            roff.control("RS", []);
            item(roff, vec![bold(name), roman(gap), italic(value)], &help);
            roff.control("RE", []);
        }
    }
}

fn keys(roff: &mut Roff) {
    for (group, title) in Group::HEADINGS {
        roff.control("SS", [title]);
        for binding in KEYMAP.iter().filter(|binding| binding.group == group) {
            let keys: Vec<_> = binding.keys.iter().map(ToString::to_string).collect();
            item(roff, vec![bold(keys.join("  "))], binding.help);
        }
    }
}

fn heading(roff: &mut Roff, title: &str) {
    roff.control("SH", [title]);
}

fn paragraph(roff: &mut Roff, text: &str) {
    roff.control("PP", []);
    roff.text([roman(text)]);
}

fn item(roff: &mut Roff, name: Vec<Inline>, text: &str) {
    roff.control("TP", []);
    roff.text(name);
    roff.text([roman(text)]);
}

fn pairs(roff: &mut Roff, pairs: &[(&str, &str)]) {
    for (name, text) in pairs {
        item(roff, vec![bold(*name)], text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filter;
    use clap::ValueEnum;
    use jiff::tz::TimeZone;

    fn text_of_page() -> String {
        let mut text = Vec::new();
        page(&mut text).unwrap();
        // As a reader sees it: hyphens and quotes are escaped for roff.
        let text = String::from_utf8(text).unwrap();
        text.replace("\\-", "-")
            .replace("\\*(Aq", "'")
            .replace("\\fB", "")
            .replace("\\fR", "")
    }

    #[test]
    fn the_page_has_every_flag_key_column_and_name() {
        let text = text_of_page();
        let command = Args::command();
        let flags = command.get_arguments().filter_map(clap::Arg::get_long);
        for flag in flags {
            assert!(text.contains(&format!("--{flag}")), "{flag}");
        }
        for name in ["doctor", "man", "completions", "print-config"] {
            assert!(text.contains(&format!(".TP\n{name}\n")), "{name}");
        }
        for words in KEYMAP.iter().map(|binding| binding.help) {
            assert!(text.contains(words), "{words}");
        }
        let settings = SETTINGS.iter().map(|setting| setting.name);
        for name in FIELDS
            .iter()
            .map(|f| f.key)
            .chain(settings)
            .chain(KEYS.iter().map(|k| k.key))
        {
            assert!(text.contains(&format!(".TP\n{name}")), "{name}");
        }
    }

    #[test]
    fn every_filter_of_the_page_is_one() {
        for (filter, _) in FILTERS {
            Filter::parse_in(filter, &TimeZone::UTC).unwrap();
        }
    }

    #[test]
    fn every_shell_is_told_of_the_flags_and_commands() {
        for shell in Shell::value_variants() {
            let mut text = Vec::new();
            completions(&mut text, *shell).unwrap();
            let text = String::from_utf8(text).unwrap();
            for word in ["fail-on-loss", "doctor", "ndjson"] {
                assert!(text.contains(word), "{shell}: {word}");
            }
        }
    }
}
